import { waitUntil } from '@chat/testkit'
import { WebSocket } from 'ws'
import type { DocumentedTraffic } from './documented-traffic.ts'

type Frame = Readonly<Record<string, never>> | Readonly<Record<string, unknown>>

/** Clients of one server whose every frame is checked against the documents and written down. */
export interface Recorder {
  /** Resolves with the answer. */
  http(method: 'GET' | 'POST' | 'DELETE', path: string, options?: HttpOptions): Promise<Answer>
  open(name: string): Promise<Line>
  /** What was written down since the last time. */
  block(): string
}

interface HttpOptions {
  readonly body?: object
  readonly token?: string
}

export type Answer = Readonly<Record<string, unknown>>

/** One socket. */
export interface Line {
  /** Resolves with the answer, `ok` or `error`. */
  ask(frame: object): Promise<Answer>
  /** Anything, right or wrong. */
  say(text: string): void
  /** Waits until so many pushes with this op came since it was opened. */
  heard(op: string, count: number): Promise<void>
  close(): Promise<void>
  closed(): Promise<void>
}

const deadlineMs = 20_000

export const createRecorder = (url: string, documents: DocumentedTraffic): Recorder => {
  let lines: string[] = []
  const note = (line: string) => void lines.push(line)

  const http = async (method: string, path: string, { body, token }: HttpOptions = {}): Promise<Answer> => {
    const bearer = token === undefined ? '' : '   (bearer)'
    note(`→ ${method} ${path}${body === undefined ? '' : ` ${shortened(JSON.stringify(body))}`}${bearer}`)
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(deadlineMs),
    })
    const text = await response.text()
    const [contentType = ''] = (response.headers.get('content-type') ?? '').split(';')
    note(`← ${response.status}${text === '' ? '' : ` ${contentType} ${shortened(text)}`}`)
    const answer = text === '' ? undefined : JSON.parse(text)
    documents.exchange({
      ...{ method, path, status: response.status, contentType },
      ...(body === undefined ? {} : { body: body as never }),
      ...(answer === undefined ? {} : { answer }),
    })
    return answer ?? {}
  }

  const open = async (name: string): Promise<Line> => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, 'chat.v1')
    const asked = new Map<number, { readonly frame: Frame; readonly answered: (answer: Answer) => void }>()
    const pushes = new Map<string, number>()
    const failures: unknown[] = []
    let nextRef = 1
    let isClosed = false

    const heard = (frame: Answer) => {
      if (frame.op !== 'ok' && frame.op !== 'error') {
        documents.push(frame as never)
        pushes.set(String(frame.op), (pushes.get(String(frame.op)) ?? 0) + 1)
        return
      }
      const request = asked.get(Number(frame.ref))
      if (request === undefined) throw new Error(`nobody asked for ${JSON.stringify(frame)}`)
      documents.answer(String(request.frame.op), frame as never)
      documents.request(request.frame as never, frame.code !== 'invalid')
      request.answered(frame)
    }
    socket.on('message', (data) => {
      const text = String(data)
      note(`${name} ← ${shortened(text)}`)
      try {
        heard(JSON.parse(text))
      } catch (error) {
        failures.push(error)
      }
    })
    socket.on('close', (code, reason) => {
      note(`${name} ✕ ${code} ${reason}`.trimEnd())
      isClosed = true
    })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    const until = async (isDone: () => boolean, what: string) => {
      await waitUntil(async () => failures.length > 0 || isDone(), { deadlineMs, what: `${name}: ${what}` })
      if (failures.length > 0) throw failures[0]
    }
    return {
      ask: async (fields) => {
        const { op, ...rest } = fields as { readonly op: string }
        const ref = nextRef++
        const frame = { op, ref, ...rest }
        let answer: Answer | undefined
        asked.set(ref, {
          frame,
          answered: (given) => {
            answer = given
          },
        })
        note(`${name} → ${shortened(JSON.stringify(frame))}`)
        socket.send(JSON.stringify(frame))
        await until(() => answer !== undefined, `an answer to ${op}`)
        return answer ?? {}
      },
      say: (text) => {
        note(`${name} → ${text}`)
        socket.send(text)
      },
      heard: (op, count) => until(() => (pushes.get(op) ?? 0) >= count, `${count} times ${op}`),
      close: async () => {
        socket.close(1000)
        await until(() => isClosed, 'closed')
      },
      closed: () => until(() => isClosed, 'closed by the server'),
    }
  }

  return {
    http,
    open,
    block: () => {
      const text = lines.join('\n')
      lines = []
      return text
    },
  }
}

/** Secrets are not written down. */
const shortened = (text: string): string =>
  text
    .replaceAll(/"(token|accessToken)":"(eyJ[^"]{17})[^"]+"/g, '"$1":"$2…"')
    .replaceAll(/"(refreshToken)":"([^"]{8})[^"]+"/g, '"$1":"$2…"')
