import type { Api, Socket, SocketEvents, SocketHandlers, Sockets } from '@chat/connector/ports'
import type { Random } from '@chat/runtime'
import type { Machine } from '../machine.ts'
import type { Scheduler } from '../scheduler.ts'

/** The end of a connection that a client holds. */
export interface ClientLink {
  send(text: string): void
  close(): void
}

interface ClientEvents {
  readonly onFrame: (text: string) => void
  /** Once. 1006: the connection broke. */
  readonly onClose: (code: number) => void
}

/** What can be done to a connection from outside. */
export interface Cable {
  /** Both ends are told that it broke. */
  cut(): void
  /** Nothing passes any more, and nobody is told. */
  halve(): void
  /** What the server sends takes so long, ms. */
  slow(ms: number): void
}

/** The network between clients and connectors. */
export interface Network {
  /** What a process that serves clients listens with. */
  listener(host: string, machine: Machine): Sockets
  /** Opens a connection; `onOpen` gets its end, `onClose` of the events comes instead when there is nobody. */
  connect(client: Machine, host: string, events: ClientEvents, onOpen: (link: ClientLink) => void): Cable
  /** One HTTP request; rejects when nobody answers in time. */
  request<T>(client: Machine, host: string, ask: (api: Api) => Promise<T>): Promise<T>
  /** The process behind a host died: the kernel resets its connections. */
  reset(machine: Machine): void
}

interface Listening {
  readonly machine: Machine
  readonly handlers: SocketHandlers
  readonly pipes: Set<Pipe>
}

/** How long a client waits for a connection or an HTTP answer, ms. */
const patienceMs = 8000
const brokenCode = 1006

export const createNetwork = (scheduler: Scheduler, random: Random): Network => {
  const listening = new Map<string, Listening>()
  const wayMs = () => 0.1 + random.fraction() * (random.fraction() < 0.05 ? 60 : 3)

  return {
    listener: (host, machine) => ({
      start: async (handlers) => {
        listening.set(host, { machine, handlers, pipes: new Set() })
      },
      stop: async () => {
        const own = listening.get(host)
        if (own?.machine !== machine) return
        listening.delete(host)
        for (const pipe of own.pipes) pipe.cut()
      },
    }),
    connect: (client, host, events, onOpen) => {
      const pipe = createPipe({ scheduler, client, events, wayMs })
      client.receive(patienceMs, 'gives up connecting', pipe.giveUpOpening)
      scheduler.at(scheduler.nowMs() + wayMs(), `${client.name} dials`, () => {
        const server = listening.get(host)
        if (server === undefined || server.machine.isDead()) return pipe.cut()
        server.machine.receive(wayMs(), 'accepts', () => {
          server.pipes.add(pipe)
          pipe.open(server, onOpen)
        })
      })
      return pipe
    },
    request: (client, host, ask) =>
      new Promise((resolve, reject) => {
        client.receive(patienceMs, 'gives up a request', () => reject(new Error('no answer')))
        scheduler.at(scheduler.nowMs() + wayMs(), `${client.name} posts`, () => {
          const server = listening.get(host)
          if (server === undefined || server.machine.isDead())
            return client.receive(wayMs(), 'refused', () => reject(new Error('nobody there')))
          server.machine.receive(0, 'request', () => {
            ask(server.handlers.api).then(
              (answer) =>
                server.machine.receive(0, 'answers', () => client.receive(wayMs(), 'answer', () => resolve(answer))),
              (error: unknown) => client.receive(wayMs(), 'answer', () => reject(error)),
            )
          })
        })
      }),
    reset: (machine) => {
      for (const [host, server] of listening)
        if (server.machine === machine) {
          listening.delete(host)
          for (const pipe of server.pipes) pipe.cut()
        }
    },
  }
}

interface Pipe extends Cable {
  open(server: Listening, onOpen: (link: ClientLink) => void): void
  giveUpOpening(): void
}

interface PipeParts {
  readonly scheduler: Scheduler
  readonly client: Machine
  readonly events: ClientEvents
  readonly wayMs: () => number
}

/** One connection. Each direction keeps its order; what is on the way when it breaks is lost. */
const createPipe = ({ scheduler, client, events, wayMs }: PipeParts): Pipe => {
  let state: 'opening' | 'open' | 'silent' | 'broken' = 'opening'
  let server: Listening | undefined
  let serverEvents: SocketEvents | undefined
  let slowMs = 0
  let bytesUnderWay = 0
  let isPaused = false
  const unread: (() => void)[] = []
  let hasClientClosed = false
  let hasServerClosed = false
  const last = { toClient: 0, toServer: 0 }

  const arrivalMs = (direction: 'toClient' | 'toServer', extraMs: number): number => {
    const dueMs = Math.max(scheduler.nowMs() + wayMs() + extraMs, last[direction])
    last[direction] = dueMs
    return dueMs - scheduler.nowMs()
  }
  const passes = () => state === 'open' || state === 'opening'

  const toClient = (label: string, run: () => void) => {
    if (!passes()) return
    client.receive(arrivalMs('toClient', slowMs), label, () => {
      if (passes() && !hasClientClosed) run()
    })
  }
  const toServer = (label: string, run: () => void) => {
    if (!passes()) return
    server?.machine.receive(arrivalMs('toServer', 0), label, () => {
      if (!passes() || hasServerClosed) return
      if (isPaused || unread.length > 0) unread.push(run)
      else run()
    })
  }
  const clientGone = (code: number) => {
    if (hasClientClosed) return
    hasClientClosed = true
    events.onClose(code)
  }
  const serverGone = (code: number) => {
    if (hasServerClosed) return
    hasServerClosed = true
    server?.pipes.delete(pipe)
    serverEvents?.onClose(code)
  }
  const breakBoth = () => {
    if (state === 'broken') return
    state = 'broken'
    client.receive(wayMs(), 'reset', () => clientGone(brokenCode))
    server?.machine.receive(wayMs(), 'reset', () => serverGone(brokenCode))
  }

  const socket: Socket = {
    remoteAddress: client.name,
    send: (frame) => {
      if (hasServerClosed) return
      const text = String(frame)
      bytesUnderWay += text.length
      // What a silent peer never takes stays queued.
      toClient('frame', () => {
        bytesUnderWay -= text.length
        events.onFrame(text)
      })
    },
    ping: () => toClient('ping', () => toServer('pong', () => serverEvents?.onPong())),
    close: (code) => {
      if (hasServerClosed) return
      toClient('closed', () => clientGone(code))
      server?.machine.receive(1 + wayMs(), 'close done', () => serverGone(code))
    },
    pause: () => {
      isPaused = true
    },
    resume: () => {
      isPaused = false
      while (!isPaused && !hasServerClosed && unread.length > 0) unread.shift()?.()
    },
    bufferedBytes: () => bytesUnderWay,
  }

  const link: ClientLink = {
    send: (text) => toServer('frame', () => serverEvents?.onFrame(text)),
    close: () => {
      toServer('close', () => serverGone(1000))
      hasClientClosed = true
    },
  }

  const pipe: Pipe = {
    open: (found, onOpen) => {
      if (state !== 'opening' || hasClientClosed) return
      server = found
      serverEvents = found.handlers.accept(socket)
      client.receive(arrivalMs('toClient', slowMs), 'opened', () => {
        if (state !== 'opening' || hasClientClosed) return
        state = 'open'
        onOpen(link)
      })
    },
    giveUpOpening: () => {
      if (state !== 'opening') return
      state = 'broken'
      clientGone(brokenCode)
      server?.machine.receive(wayMs(), 'reset', () => serverGone(brokenCode))
    },
    cut: breakBoth,
    halve: () => {
      if (passes()) state = 'silent'
    },
    slow: (ms) => {
      slowMs = ms
    },
  }
  return pipe
}
