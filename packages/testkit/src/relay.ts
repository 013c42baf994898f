import { once } from 'node:events'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'

/** A TCP relay on 127.0.0.1 that can be opened and cut: what lies behind it is away until `open`, and again after `cut`. */
export interface Relay {
  readonly port: number
  open(): Promise<void>
  /** Stops listening and resets every connection. */
  cut(): Promise<void>
}

export const createRelay = (options: { readonly port: number; readonly targetPort: number }): Relay => {
  const sockets = new Set<Socket>()
  let server: Server | undefined

  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket)
    socket.on('error', () => other.destroy()) // Either side going is how a relay ends: the other goes too.
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
  }

  return {
    port: options.port,
    open: async () => {
      server = createServer((socket) => {
        const target = dial(options.targetPort, '127.0.0.1')
        keep(socket, target)
        keep(target, socket)
        socket.pipe(target)
        target.pipe(socket)
      })
      server.listen(options.port, '127.0.0.1')
      await once(server, 'listening')
    },
    cut: async () => {
      const closing = server
      server = undefined
      for (const socket of sockets) socket.resetAndDestroy()
      if (closing === undefined) return
      closing.close()
      await once(closing, 'close')
    },
  }
}
