import { createServer, type Socket as NetSocket, type Server } from 'node:net'
import { type Clock, type Logger, listen } from '@chat/runtime'
import { behindProxy } from './proxied.ts'
import type { TcpEvents, TcpSocket } from './tcp-socket.ts'

/** Idle clients stay for hours; a peer that is gone without a word is found by this, ms. */
const keepAliveMs = 60_000
/** A peer that does not follow our end is cut off after this, ms. */
const endMaxMs = 2_000

export interface TcpServerOptions {
  readonly host: string
  /** 0: any free one; see `port()`. */
  readonly port: number
  /** Whether whoever connects is a proxy that says first whose connection it passes on; see proxied.ts. */
  readonly proxyProtocol: 'on' | 'off'
  /** More are closed at once. */
  readonly connectionsMax: number
  readonly clock: Clock
  readonly logger: Logger
}

export interface TcpServer {
  /** Resolves when it listens. Throws Fault `port_in_use` (not retryable). */
  start(serve: (socket: TcpSocket) => TcpEvents): Promise<void>
  /** Stops listening and ends what is left, bounded in time. Idempotent. */
  stop(): Promise<void>
  /** Only while started. */
  port(): number
}

/** Listens for the clients of one older protocol. What is thrown for one connection ends that one only. */
export const createTcpServer = (options: TcpServerOptions): TcpServer => {
  const { host, port, proxyProtocol, connectionsMax, clock, logger } = options
  const all = new Map<NetSocket, TcpEvents>()
  let server: Server | undefined

  const serveOne = (net: NetSocket, serve: (socket: TcpSocket) => TcpEvents) => {
    const guarded = (run: () => void) => {
      try {
        run()
      } catch (error) {
        logger.error({ err: error }, 'connection failed')
        net.destroy()
      }
    }
    // Of a broken connection `close` follows.
    net.on('error', () => {})
    if (all.size >= connectionsMax) {
      net.destroy()
      return
    }
    guarded(() => {
      const events = serve(socketOf(net, clock))
      all.set(net, events)
      net
        .on('data', (bytes) => guarded(() => events.onBytes(bytes)))
        .on('end', () => guarded(() => events.onEnd()))
        .on('close', () => {
          all.delete(net)
          guarded(() => events.onGone())
        })
    })
  }

  const stopStarted = async (listening: Server) => {
    const closed = new Promise<void>((resolve) => listening.close(() => resolve()))
    for (const events of all.values()) events.stop()
    const cancel = clock.after(endMaxMs, () => {
      for (const net of all.keys()) net.destroy()
    })
    await closed
    cancel()
  }

  return {
    start: async (serve) => {
      // A client that ended its side may still wait for what it asked.
      const ofSockets = { allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs, noDelay: true }
      const serveAny = proxyProtocol === 'on' ? (socket: TcpSocket) => behindProxy(socket, clock, serve) : serve
      const listening = createServer(ofSockets, (net) => serveOne(net, serveAny))
      server = listening
      await listen(listening, { host, port, backlog: 4096 })
    },
    stop: async () => {
      const listening = server
      server = undefined
      if (listening !== undefined) await stopStarted(listening)
    },
    port: () => {
      const address = server?.address()
      return typeof address === 'object' && address !== null ? address.port : 0
    },
  }
}

const socketOf = (net: NetSocket, clock: Clock): TcpSocket => ({
  remoteAddress: net.remoteAddress ?? '',
  write: (bytes, done) => {
    if (net.writable) net.write(bytes, (error) => (error === undefined || error === null ? done() : undefined))
  },
  end: () => {
    net.end()
    // What it still sends is read and dropped: a peer that is not read would never be seen to go.
    net.resume()
    const cancel = clock.after(endMaxMs, () => net.destroy())
    net.once('close', cancel)
  },
  destroy: () => void net.destroy(),
  pause: () => void net.pause(),
  resume: () => void net.resume(),
})
