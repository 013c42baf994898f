import { createConnection } from 'node:net'

/**
 * Sends `request` to 127.0.0.1:`port` and resolves with what came back once `isComplete` says so; undefined when the server
 * refuses, hangs up, or takes longer than `timeoutMs`.
 */
export const exchange = (options: {
  readonly port: number
  readonly request: Uint8Array
  readonly isComplete: (answer: Buffer) => boolean
  readonly timeoutMs: number
}): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    let answer = Buffer.alloc(0)
    const socket = createConnection({ port: options.port, host: '127.0.0.1', timeout: options.timeoutMs })
    const finish = (result: Buffer | undefined) => {
      socket.destroy()
      resolve(result)
    }
    socket.on('connect', () => socket.write(options.request))
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      if (options.isComplete(answer)) finish(answer)
    })
    socket.on('timeout', () => finish(undefined))
    socket.on('error', () => finish(undefined)) // Not serving yet: the answer of a probe, not a fault.
    socket.on('close', () => resolve(undefined))
  })
