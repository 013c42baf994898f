import { ChatError, disconnected } from './chat-error.ts'
import { type Connection, type ConnectionInput, newConnection, step } from './domain/connection.ts'
import type { Clock, OpenSocket, Random, Socket } from './ports.ts'
import type { FieldsOf, OkOf, Op } from './requests.ts'
import type { Session, Sessions } from './sessions.ts'

/** The connection at work: runs the effects of the pure machine, and matches answers to requests. */
export interface Link {
  state(): Connection
  start(): void
  /** Tries at once instead of at the end of the wait. */
  retry(): void
  stop(): void
  /** Gives the connection up and makes another one. */
  reconnect(): void
  /** Rejects with ChatError: the server's, or `disconnected`. */
  request<O extends Op>(op: O, fields: FieldsOf<O>): Promise<OkOf<O>>
}

export interface LinkListener {
  changed(state: Connection): void
  /** Anything that is no answer. */
  pushed(frame: Frame): void
}

export type Frame = Readonly<Record<string, unknown>> & { readonly op: string }

/** From dialling to the answer to `hello`, ms: more than a server lets a `hello` wait. */
const welcomeTimeoutMs = 15_000
/** How long a sign of life may take once it was asked for, ms. PROTOCOL §2. */
const pongTimeoutMs = 10_000
const heartbeatDefaultMs = 25_000

interface LinkPorts {
  readonly clock: Clock
  readonly random: Random
  readonly openSocket: OpenSocket
  readonly sessions: Sessions
}

export const createLink = (ports: LinkPorts, listener: LinkListener): Link => {
  const { clock, random, sessions } = ports
  let state: Connection = newConnection
  let line: Line | undefined
  let session: Session | undefined
  let device = ''
  let cancelWait = () => {}
  /** Counts the starts of effects: an answer of an older one is not heard. */
  let turn = 0

  const give = (input: ConnectionInput) => {
    const before = state
    const [next, effects] = step(state, input, random.fraction())
    state = next
    for (const effect of effects) {
      if (effect.type === 'prepare') void prepare(effect.mustRenew)
      if (effect.type === 'dial') dial(effect.url)
      if (effect.type === 'wait') cancelWait = clock.after(effect.ms, () => give({ type: 'retry' }))
      if (effect.type === 'hangUp') hangUp()
    }
    if (next.status !== before.status) listener.changed(next)
  }

  const hangUp = () => {
    turn++
    cancelWait()
    const hung = line
    line = undefined
    hung?.close(1000)
  }

  const prepare = async (mustRenew: boolean) => {
    const mine = ++turn
    const outcome = await prepared(mustRenew)
    if (mine === turn) give(outcome)
  }
  const prepared = async (mustRenew: boolean): Promise<ConnectionInput> => {
    try {
      session = await sessions.fresh(mustRenew)
      device = await sessions.device()
    } catch (error) {
      const isOver = error instanceof ChatError && error.code === 'unauthorized'
      return { type: 'unprepared', isSessionOver: isOver }
    }
    const { socketUrl } = session
    // Whoever does not answer that may still take a socket.
    return { type: 'prepared', urls: await sessions.connectors(session).catch(() => [socketUrl]) }
  }

  const dial = (url: string) => {
    if (session === undefined) return
    const hello = { token: session.accessToken, device }
    const dialled: Line = createLine(url, ports, hello, {
      pushed: (frame) => {
        if (frame.op === 'notice' && typeof frame.reconnectWithinMs === 'number')
          give({ type: 'noticed', reconnectWithinMs: frame.reconnectWithinMs })
        listener.pushed(frame)
      },
      welcomed: () => give({ type: 'welcomed' }),
      refused: ({ code, retryAfterMs }) =>
        give({ type: 'helloRefused', code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }),
      closed: (code, livedMs) => {
        if (line !== dialled) return
        line = undefined
        give({ type: 'closed', code, livedMs })
      },
    })
    line = dialled
  }

  return {
    state: () => state,
    start: () => {
      cancelWait()
      give({ type: 'start' })
    },
    retry: () => {
      cancelWait()
      give({ type: 'retry' })
    },
    stop: () => give({ type: 'stop' }),
    reconnect: () => line?.close(4500),
    request: (op, fields) =>
      line === undefined || state.status !== 'connected' ? Promise.reject(disconnected()) : line.request(op, fields),
  }
}

interface LineListener {
  pushed(frame: Frame): void
  welcomed(): void
  refused(error: ChatError): void
  /** Once. */
  closed(code: number, livedMs: number): void
}

/** One socket, from dialling to its end. */
interface Line {
  request<O extends Op>(op: O, fields: FieldsOf<O>): Promise<OkOf<O>>
  close(code: number): void
}

const createLine = (
  url: string,
  { clock, openSocket }: LinkPorts,
  hello: { readonly token: string; readonly device: string },
  listener: LineListener,
): Line => {
  const waiting = new Map<number, { resolve(ok: unknown): void; reject(error: ChatError): void }>()
  let nextRef = 1
  let welcomedMs: number | undefined
  let heartbeatMs = heartbeatDefaultMs
  let isOver = false
  let cancelTimer = () => {}

  const ask = (op: string, fields: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (isOver) return reject(disconnected())
      const ref = nextRef++
      waiting.set(ref, { resolve, reject })
      socket.send(JSON.stringify({ op, ref, ...fields }))
    })

  const sayHello = async () => {
    try {
      const ok = (await ask('hello', hello)) as { readonly heartbeatMs?: number }
      heartbeatMs = ok.heartbeatMs ?? heartbeatDefaultMs
      welcomedMs = clock.now()
      listen()
      listener.welcomed()
    } catch (error) {
      // The server closes next, with the code that says what to do.
      if (error instanceof ChatError && error.code !== 'disconnected') listener.refused(error)
    }
  }

  /** Something was heard: the next silence counts from here. */
  const listen = () => {
    cancelTimer()
    cancelTimer = clock.after(heartbeatMs, () => {
      cancelTimer = clock.after(pongTimeoutMs, () => end(4510))
      ask('ping', {}).catch(() => {}) // Its answer is heard like every frame; its loss is the end of the line.
    })
  }

  const received = (text: string) => {
    if (isOver) return
    if (welcomedMs !== undefined) listen()
    const frame = parsed(text)
    if (frame === undefined) return end(4500) // A server that cannot be read is no server.
    if (frame.op !== 'ok' && frame.op !== 'error') return listener.pushed(frame)
    const request = waiting.get(frame.ref)
    waiting.delete(frame.ref)
    if (frame.op === 'ok') request?.resolve(frame)
    else request?.reject(new ChatError(frame as unknown as ChatError))
  }

  const end = (code: number) => {
    if (isOver) return
    isOver = true
    cancelTimer()
    socket.close()
    for (const { reject } of waiting.values()) reject(disconnected())
    waiting.clear()
    listener.closed(code, welcomedMs === undefined ? 0 : clock.now() - welcomedMs)
  }

  cancelTimer = clock.after(welcomeTimeoutMs, () => end(4511))
  // Called back later, never from within.
  const socket: Socket = openSocket(url, 'chat.v1', { opened: () => void sayHello(), received, closed: end })
  return {
    request: <O extends Op>(op: O, fields: FieldsOf<O>) => ask(op, fields) as Promise<OkOf<O>>,
    close: end,
  }
}

const parsed = (text: string): (Frame & { readonly ref: number }) | undefined => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
