import { once } from 'node:events'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { createPump, type Direction, type Pump } from './fault-pump.ts'

export type { Direction } from './fault-pump.ts'

/** Which connections a fault is for: those that are open, or new ones too until `heal`. */
export type Reach = 'open' | 'all'

/**
 * A TCP proxy on 127.0.0.1 that breaks as networks do. A fault holds until `heal`. What waits in it is bounded (1 MiB a direction,
 * then the sender feels it), and no byte is ever lost out of the middle of a stream that lives on: a connection that lost some is
 * reset by `heal`.
 */
export interface FaultProxy {
  readonly port: number
  /** `127.0.0.1:port`. */
  readonly address: string
  start(): Promise<void>
  /** Resets every connection; new ones are refused. */
  cut(): Promise<void>
  /** Nothing moves and nothing is closed, as with a peer that is frozen. */
  hold(directions: readonly Direction[], reach?: Reach): void
  /** What comes is taken and dropped: half open. Of answers alone: requests take effect and nobody hears of it. */
  swallow(directions: readonly Direction[], reach?: Reach): void
  /** Both directions are late by `delayMs` and carry `bytesPerS` at most. */
  slow(options: { readonly delayMs: number; readonly bytesPerS: number }): void
  /** Everything passes again. */
  heal(): Promise<void>
  /** Connections open through it. */
  connections(): number
  /** Cut for good. */
  stop(): Promise<void>
}

export interface FaultProxyOptions {
  /** `host:port`; it may start later. */
  readonly target: string
  /** 0, the default: any free one, known once it started. */
  readonly port?: number
}

interface Connection {
  readonly near: Socket
  readonly pumps: Readonly<Record<Direction, Pump>>
}

const both: readonly Direction[] = ['requests', 'answers']

export const createFaultProxy = (options: FaultProxyOptions): FaultProxy => {
  const [host = '', targetPort = ''] = options.target.split(':')
  const connections = new Set<Connection>()
  let port = options.port ?? 0
  let server: Server | undefined
  /** What a new connection begins with. */
  let onOpen: (pump: Pump, direction: Direction) => void = () => {}

  const open = (near: Socket) => {
    const far = dial({ host, port: Number(targetPort), noDelay: true })
    near.setNoDelay(true)
    const pumps = { requests: createPump(near, far), answers: createPump(far, near) }
    const connection = { near, pumps }
    connections.add(connection)
    const end = () => {
      connections.delete(connection)
      for (const direction of both) pumps[direction].stop()
      near.destroy()
      far.destroy()
    }
    // Either side going is how a connection ends: the other goes too.
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
    for (const direction of both) onOpen(pumps[direction], direction)
  }

  const listen = async () => {
    if (server !== undefined) return
    const listening = createServer(open)
    server = listening
    listening.listen(port, '127.0.0.1')
    await once(listening, 'listening')
    const address = listening.address()
    if (typeof address === 'object' && address !== null) port = address.port
  }

  const cut = async () => {
    const closing = server
    server = undefined
    for (const { near } of connections) near.resetAndDestroy()
    if (closing === undefined) return
    closing.close()
    await once(closing, 'close')
  }

  const apply = (change: (pump: Pump, direction: Direction) => void, reach: Reach) => {
    if (reach === 'all') onOpen = change
    for (const { pumps } of connections) for (const direction of both) change(pumps[direction], direction)
  }
  const only =
    (directions: readonly Direction[], change: (pump: Pump) => void) => (pump: Pump, direction: Direction) => {
      if (directions.includes(direction)) change(pump)
    }

  return {
    get port() {
      return port
    },
    get address() {
      return `127.0.0.1:${port}`
    },
    start: listen,
    cut,
    stop: cut,
    hold: (directions, reach = 'all') =>
      apply(
        only(directions, (pump) => pump.hold()),
        reach,
      ),
    swallow: (directions, reach = 'all') =>
      apply(
        only(directions, (pump) => pump.swallow()),
        reach,
      ),
    slow: (pace) => apply((pump) => pump.slow(pace), 'all'),
    heal: async () => {
      onOpen = () => {}
      for (const { near, pumps } of connections)
        if (both.some((direction) => pumps[direction].hasLost())) near.resetAndDestroy()
        else for (const direction of both) pumps[direction].pass()
      await listen()
    },
    connections: () => connections.size,
  }
}
