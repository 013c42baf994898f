import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server that can go dead without being closed, as a frozen peer does. */
export interface TestProxy {
  readonly address: string
  /** From now on nothing passes on the connections that are open; new ones work. */
  freezeOpen(): void
  stop(): Promise<void>
}

/** `target` is `host:port`; it may start later. */
export const startProxy = async (target: string): Promise<TestProxy> => {
  const [host, port] = target.split(':')
  const pairs = new Set<readonly [Socket, Socket]>()
  const server = createServer((near) => {
    const far = connect({ host: host ?? '', port: Number(port), noDelay: true })
    near.setNoDelay(true)
    const pair = [near, far] as const
    pairs.add(pair)
    const end = () => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    for (const socket of pair) socket.on('error', end).on('close', end)
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    freezeOpen: () => {
      for (const [near, far] of pairs) {
        near.unpipe(far).pause()
        far.unpipe(near).pause()
      }
    },
    stop: async () => {
      for (const [near, far] of pairs) {
        near.destroy()
        far.destroy()
      }
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
