import { ChatError, disconnected } from './chat-error.ts'
import { createHeartbeat } from './heartbeat.ts'
import type { Clock, OpenSocket, Socket } from './ports.ts'
import type { FieldsOf, OkOf, Op } from './requests.ts'

/** One socket, from dialling to its end. */
export interface Line {
  /** Rejects with ChatError: the server's, or `disconnected`. */
  request<O extends Op>(op: O, fields: FieldsOf<O>): Promise<OkOf<O>>
  /** Ends it as if it had been closed with this code. */
  end(code: number): void
}

export interface LineListener {
  /** Anything that is no answer. */
  pushed(frame: Frame): void
  welcomed(): void
  /** The `hello` was refused. The server closes next, with the code that says what to do. */
  refused(error: ChatError): void
  /** Once. `livedMs`: since the `hello` was answered; 0 when it was not. */
  ended(code: number, livedMs: number): void
}

export type Frame = Readonly<Record<string, unknown>> & { readonly op: string }

interface Dialling {
  readonly url: string
  readonly clock: Clock
  readonly openSocket: OpenSocket
  readonly hello: { readonly token: string; readonly device: string }
}

/** From dialling to the answer to `hello`, ms: more than a server lets a `hello` wait. */
const welcomeTimeoutMs = 15_000

export const dialLine = ({ url, clock, openSocket, hello }: Dialling, listener: LineListener): Line => {
  const waiting = createWaiting()
  let welcomedMs: number | undefined
  let isOver = false

  const ask = (op: string, fields: object): Promise<unknown> =>
    isOver ? Promise.reject(disconnected()) : waiting.add((ref) => socket.send(JSON.stringify({ op, ref, ...fields })))

  const sayHello = async () => {
    try {
      const { heartbeatMs } = (await ask('hello', hello)) as { readonly heartbeatMs?: number }
      welcomedMs = clock.now()
      cancelWelcome()
      heartbeat.start(heartbeatMs)
      listener.welcomed()
    } catch (error) {
      if (error instanceof ChatError && error.code !== 'disconnected') listener.refused(error)
    }
  }

  const received = (text: string) => {
    if (isOver) return
    heartbeat.heard()
    const frame = parsed(text)
    if (frame === undefined) return end(4500) // A server that cannot be read is no server.
    if (frame.op === 'ok' || frame.op === 'error') waiting.settle(frame)
    else listener.pushed(frame)
  }

  const end = (code: number) => {
    if (isOver) return
    isOver = true
    cancelWelcome()
    heartbeat.stop()
    socket.close()
    waiting.rejectAll()
    listener.ended(code, welcomedMs === undefined ? 0 : clock.now() - welcomedMs)
  }

  const heartbeat = createHeartbeat(clock, {
    silent: () => void ask('ping', {}).catch(() => {}), // Its answer is heard like every frame; its loss is the end of the line.
    dead: () => end(4510),
  })
  const cancelWelcome = clock.after(welcomeTimeoutMs, () => end(4511))
  const socket: Socket = openSocket(url, 'chat.v1', { opened: () => void sayHello(), received, closed: end })
  return {
    request: <O extends Op>(op: O, fields: FieldsOf<O>) => ask(op, fields) as Promise<OkOf<O>>,
    end,
  }
}

/** Requests that wait for their answer, by `ref`. */
const createWaiting = () => {
  const waiting = new Map<number, { resolve(ok: unknown): void; reject(error: ChatError): void }>()
  let nextRef = 1
  return {
    add: (send: (ref: number) => void): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const ref = nextRef++
        waiting.set(ref, { resolve, reject })
        send(ref)
      }),
    settle: (frame: Answer) => {
      const request = waiting.get(frame.ref)
      waiting.delete(frame.ref)
      if (frame.op === 'ok') request?.resolve(frame)
      else request?.reject(new ChatError(frame as unknown as ChatError))
    },
    rejectAll: () => {
      for (const { reject } of waiting.values()) reject(disconnected())
      waiting.clear()
    },
  }
}

type Answer = Frame & { readonly ref: number }

const parsed = (text: string): Answer | undefined => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
