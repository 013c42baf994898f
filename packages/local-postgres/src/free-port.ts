import { createServer } from 'node:net'
import { Fault } from '@chat/runtime'

/** `wanted`, or Fault `port_in_use`; without a wish the `last` one if it is free, else any. */
export const choosePort = async (wanted: number | undefined, last: number | undefined): Promise<number> => {
  if (wanted !== undefined) {
    if ((await bindable(wanted)) !== undefined) return wanted
    throw new Fault('port_in_use', `port ${wanted} on 127.0.0.1 is in use: PostgreSQL cannot listen there`, {
      isRetryable: false,
    })
  }
  const free = (last === undefined ? undefined : await bindable(last)) ?? (await bindable(0))
  if (free === undefined) throw new Fault('port_in_use', 'no port is free on 127.0.0.1')
  return free
}

/** The port, if it can be listened on now; 0 asks for any. */
const bindable = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined))
    })
  })
