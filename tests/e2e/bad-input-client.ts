import { request } from 'node:http'
import { createConnection, type Socket } from 'node:net'
import type { Frame } from '@chat/testkit'
import { WebSocket } from 'ws'

/** Nothing that a server does with bad input may take longer, ms: a hang is a failure. */
const answerWithinMs = 10_000

export const within = async <T>(promise: Promise<T>, what: string, ms = answerWithinMs): Promise<T> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`not within ${ms} ms: ${what}`)), ms)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

export interface HttpAnswer {
  readonly status: number
  readonly type: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

export interface HttpQuestion {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** One request exactly as given: `fetch` would mend paths, methods and headers. */
export const ask = (url: string, { method = 'GET', path, headers = {}, body }: HttpQuestion): Promise<HttpAnswer> => {
  const answered = new Promise<HttpAnswer>((resolve, reject) => {
    const asking = request(url, { method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      )
    })
    asking.on('error', reject)
    asking.end(body)
  })
  return within(answered, `${method} ${path}`)
}

const dial = (url: string): Socket => createConnection({ port: Number(new URL(url).port), host: '127.0.0.1' })

/** Sends bytes over TCP and resolves with all that came back until the server hung up, however it did. */
export const sendRaw = (url: string, bytes: string | Buffer, ms = answerWithinMs): Promise<string> => {
  const net = dial(url)
  const ended = new Promise<string>((resolve) => {
    const chunks: Buffer[] = []
    net.on('data', (chunk) => chunks.push(chunk))
    net.on('error', () => {}) // A reset is an end as well; 'close' follows.
    net.on('close', () => resolve(Buffer.concat(chunks).toString()))
  })
  net.write(bytes)
  return within(ended, `the server hangs up after ${JSON.stringify(String(bytes).slice(0, 40))}`, ms).finally(() =>
    net.destroy(),
  )
}

/** A WebSocket client without manners: it says what it likes, also below the protocol. */
export interface Rude {
  readonly net: Socket
  readonly pushes: readonly Frame[]
  /** A request with a fresh `ref`, and its answer. */
  ask(fields: object): Promise<Frame>
  /** The answer to a request that was said with this `ref`. */
  answer(ref: unknown): Promise<Frame>
  /** Exactly this, as one text frame. */
  say(text: string): void
  sayBinary(bytes: Buffer): void
  /** The close code. */
  readonly closed: Promise<number>
  isOpen(): boolean
  /** Without a word. */
  drop(): void
}

export const connectRude = async (url: string): Promise<Rude> => {
  const net = dial(url)
  const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, 'chat.v1', {
    createConnection: () => net,
    perMessageDeflate: false,
  })
  const answers = new Map<unknown, Frame>()
  const waiting = new Map<unknown, (frame: Frame) => void>()
  const pushes: Frame[] = []
  let nextRef = 1_000_000
  ws.on('message', (data) => {
    const frame = JSON.parse(String(data)) as Frame
    if (!('ref' in frame)) return void pushes.push(frame)
    answers.set(frame.ref, frame)
    waiting.get(frame.ref)?.(frame)
  })
  ws.on('error', () => {}) // 'close' follows and carries the code.
  const closed = new Promise<number>((resolve) => ws.on('close', resolve))
  const opened = new Promise<void>((resolve, reject) => ws.once('open', resolve).once('error', reject))
  await within(opened, 'the socket opens')
  const answer = (ref: unknown) => {
    const there = answers.get(ref)
    const awaited = there === undefined ? new Promise<Frame>((resolve) => waiting.set(ref, resolve)) : undefined
    const lost = closed.then((code) => Promise.reject(new Error(`closed with ${code} before ${ref} was answered`)))
    lost.catch(() => {})
    return awaited === undefined
      ? Promise.resolve(there as Frame)
      : within(Promise.race([awaited, lost]), `answer ${ref}`)
  }
  return {
    net,
    pushes,
    answer,
    ask: (fields) => {
      const ref = nextRef++
      ws.send(JSON.stringify({ ref, ...fields }))
      return answer(ref)
    },
    say: (text) => ws.send(text),
    sayBinary: (bytes) => ws.send(bytes),
    closed,
    isOpen: () => ws.readyState === WebSocket.OPEN,
    drop: () => ws.terminate(),
  }
}

/** A rude one who said hello properly, on a device of its own. */
export const connectLive = async (url: string, token: string): Promise<Rude> => {
  const rude = await connectRude(url)
  await rude.ask({ op: 'hello', token, device: crypto.randomUUID() })
  return rude
}

/** What must never be in an answer: places in the code, the database's words, addresses of what is behind. */
export const tellsInternals = (text: string): boolean =>
  /\n\s+at |node:internal|node_modules|\/src\/|\.ts:\d|typebox|fastify|postgres|ECONN|select .* from/i.test(text)
