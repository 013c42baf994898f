import type { Server } from 'node:net'
import { Fault } from './fault.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Resolves when it listens. Throws Fault `port_in_use` (not retryable). */
export const listen = (server: Server, address: Address & { readonly backlog?: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(error, address)))
    server.listen(address, resolve)
  })

/** What a server that cannot listen fails with: Fault `port_in_use`, if that is why. */
export const listenFailure = (error: unknown, { host, port }: Address): unknown => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'EADDRINUSE') return error
  return new Fault('port_in_use', `port ${port} of ${host} is in use`, { isRetryable: false, cause: error })
}
