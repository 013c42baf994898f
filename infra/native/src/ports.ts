import { createServer } from 'node:net'

/** Below the range from which systems take ports of outgoing connections, so that a free one stays free until it is used. */
const firstPort = 20_000
const lastPort = 31_999
const triesMax = 200

/** Whether a server can listen on 127.0.0.1:`port` now. */
export const isPortFree = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(error)
    })
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })

/** A port of 127.0.0.1 that nothing listens on and that is none of `except`. */
export const freePort = async (except: ReadonlySet<number> = new Set()): Promise<number> => {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 1))
    if (!except.has(port) && (await isPortFree(port))) return port
  }
  throw new Error(`no free port found between ${firstPort} and ${lastPort}`)
}
