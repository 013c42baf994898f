import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { exchange } from './exchange.ts'
import type { Server } from './server.ts'

/** Redis without persistence: presence is void after a restart anyway, and an empty Redis says so by its missing generation. */
export const redisServer = (options: {
  readonly dir: string
  readonly port: number
  readonly env: Readonly<Record<string, string>>
}): Server => {
  const dir = join(options.dir, 'redis')
  return {
    name: 'redis',
    address: `127.0.0.1:${options.port}`,
    ports: [options.port],
    startTimeoutMs: 10_000,
    stopTimeoutMs: 5_000,
    prepare: async () => {
      mkdirSync(dir, { recursive: true })
      const settings = {
        bind: '127.0.0.1',
        port: String(options.port),
        dir,
        save: '',
        appendonly: 'no',
        'maxmemory-policy': 'noeviction',
      }
      return {
        command: 'redis-server',
        args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
        cwd: dir,
        env: options.env,
      }
    },
    isServing: async () => {
      const answer = await exchange({
        port: options.port,
        request: Buffer.from('PING\r\n'),
        isComplete: (bytes) => bytes.includes('\r\n'),
        timeoutMs: 1_000,
      })
      return answer?.toString('latin1').startsWith('+PONG') ?? false
    },
    endLeftovers: async () => {},
  }
}
