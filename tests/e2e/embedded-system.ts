import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@chat/runtime/system'
import { type Exit, freePort, type ServiceProcess, spawnService } from '@chat/stack'

/** `npm start` on a folder of its own. */
export interface EmbeddedSystem {
  readonly folder: string
  readonly partitions: number
  readonly url: string
  readonly env: Readonly<Record<string, string>>
  /** The run there is, or was last. */
  server(): ServiceProcess
  /** Starts a run and waits until it is ready. */
  start(): Promise<void>
  /** Resolves when it has ended. */
  end(signal: NodeJS.Signals): Promise<Exit>
  /** Ends what runs, and removes the folder. */
  close(): Promise<void>
}

const readyTimeoutMs = 60_000

/** `settings`: of this run and those after it. */
export const startEmbedded = async (settings: Readonly<Record<string, string>> = {}): Promise<EmbeddedSystem> => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-embedded-'))
  const [port, partitions] = [await freePort(), 4]
  const { PATH = '', HOME = '' } = process.env
  const env = {
    ...{ PATH, HOME },
    CHAT_PORT: String(port),
    CHAT_DATA_DIR: folder,
    CHAT_PARTITIONS: String(partitions),
    CHAT_LIMITS: 'off',
    ...settings,
  }
  let server = await spawnService('standalone', env, systemClock)
  await server.ready(readyTimeoutMs)
  const end = (signal: NodeJS.Signals) => {
    server.kill(signal)
    return server.exited
  }
  return {
    ...{ folder, partitions, env, end },
    url: server.url,
    server: () => server,
    start: async () => {
      server = await spawnService('standalone', env, systemClock)
      await server.ready(readyTimeoutMs)
    },
    close: async () => {
      await end('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
