import type { Api, Socket, SocketEvents, SocketHandlers, Sockets } from '../ports.ts'

/** The client's end of a connection in memory. */
export interface MemoryClient {
  /** A text frame; objects are made JSON. */
  send(frame: object | string): void
  sendBinary(): void
  pong(): void
  close(code?: number): void
  /** Everything received, oldest first. */
  readonly frames: readonly Frame[]
  /** Answers to `ref`. */
  answers(ref: number): readonly Frame[]
  pushes(op: string): readonly Frame[]
  readonly pings: number
  /** What the server closed with; undefined: it is open, or we closed. */
  readonly closedWith: { readonly code: number; readonly reason: string } | undefined
  readonly isOpen: boolean
  /** The server does not read. */
  readonly isPaused: boolean
  /** Stops taking bytes: what the server sends queues up on its side, until `flow`. */
  stall(): void
  flow(): void
}

export type Frame = Readonly<Record<string, unknown>>

export interface MemorySockets extends Sockets {
  connect(remoteAddress?: string): MemoryClient
  /** There after `start`. */
  readonly api: Api
  readonly handlers: SocketHandlers
}

/** The twin of the HTTP server: connections without a network. Frames travel by microtask, in order, as on a wire. */
export const createMemorySockets = (): MemorySockets => {
  let handlers: SocketHandlers | undefined
  const open = new Set<Pipe>()
  const started = (): SocketHandlers => {
    if (handlers === undefined) throw new Error('memory sockets were not started')
    return handlers
  }
  return {
    start: async (given) => {
      handlers = given
    },
    stop: async () => {
      handlers = undefined
      for (const pipe of open) pipe.end(1001, 'stopped')
    },
    connect: (remoteAddress = '127.0.0.1') => {
      const pipe = createPipe(remoteAddress, started().accept, () => open.delete(pipe))
      open.add(pipe)
      return pipe.client
    },
    get api() {
      return started().api
    },
    get handlers() {
      return started()
    },
  }
}

interface Pipe {
  readonly client: MemoryClient
  end(code: number, reason: string): void
}

const createPipe = (remoteAddress: string, accept: (socket: Socket) => SocketEvents, onGone: () => void): Pipe => {
  const frames: Frame[] = []
  /** Towards the client while it stalls. */
  let queued: Buffer[] = []
  /** Towards the server while it does not read. */
  let unread: (() => void)[] = []
  let closedWith: { readonly code: number; readonly reason: string } | undefined
  let isOpen = true
  let isPaused = false
  let isStalled = false
  let pings = 0

  const receive = (frame: Buffer) => void frames.push(JSON.parse(frame.toString('utf8')))
  const gone = (code: number) => {
    if (!isOpen) return
    isOpen = false
    // Later, because the server may close a connection while it accepts it.
    queueMicrotask(() => {
      onGone()
      events.onClose(code)
    })
  }
  const socket: Socket = {
    remoteAddress,
    send: (frame) => {
      if (!isOpen) return
      const bytes = Buffer.from(frame)
      if (isStalled) queued.push(bytes)
      else receive(bytes)
    },
    ping: () => {
      pings++
    },
    close: (code, reason) => {
      if (!isOpen) return
      closedWith = { code, reason }
      gone(code)
    },
    pause: () => {
      isPaused = true
    },
    resume: () => {
      isPaused = false
      const waiting = unread
      unread = []
      for (const deliver of waiting) toServer(deliver)
    },
    bufferedBytes: () => queued.reduce((sum, { length }) => sum + length, 0),
  }
  const events = accept(socket)
  const toServer = (deliver: () => void) => {
    if (isPaused) unread.push(deliver)
    else queueMicrotask(() => (isPaused ? void unread.push(deliver) : isOpen && deliver()))
  }
  const client: MemoryClient = {
    send: (frame) => toServer(() => events.onFrame(typeof frame === 'string' ? frame : JSON.stringify(frame))),
    sendBinary: () => toServer(() => events.onBinary()),
    pong: () => toServer(() => events.onPong()),
    close: (code = 1000) => gone(code),
    frames,
    answers: (ref) => frames.filter((frame) => frame.ref === ref),
    pushes: (op) => frames.filter((frame) => frame.op === op),
    get pings() {
      return pings
    },
    get closedWith() {
      return closedWith
    },
    get isOpen() {
      return isOpen
    },
    get isPaused() {
      return isPaused
    },
    stall: () => {
      isStalled = true
    },
    flow: () => {
      isStalled = false
      for (const frame of queued) receive(frame)
      queued = []
    },
  }
  return {
    client,
    end: (code, reason) => {
      closedWith ??= { code, reason }
      gone(code)
    },
  }
}
