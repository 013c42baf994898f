import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@chat/runtime/system'
import { freePort, spawnService } from '@chat/stack'

export interface EmbeddedServer {
  readonly url: string
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Starts it again on the same data and the same port. */
  start(): Promise<void>
  close(): Promise<void>
}

const readyTimeoutMs = 60_000

/** `npm start` on a folder and a port of its own. */
export const startEmbeddedServer = async (): Promise<EmbeddedServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-sdk-'))
  const { PATH = '', HOME = '' } = process.env
  const port = String(await freePort())
  const env = {
    ...{ PATH, HOME, CHAT_PORT: port, CHAT_DATA_DIR: folder, CHAT_PARTITIONS: '4', CHAT_LIMITS: 'off' },
  }
  const run = async () => {
    const started = await spawnService('standalone', env, systemClock)
    await started.ready(readyTimeoutMs)
    return started
  }
  let server = await run()
  return {
    url: server.url,
    kill: async () => {
      server.kill('SIGKILL')
      await server.exited
    },
    start: async () => {
      server = await run()
    },
    close: async () => {
      server.kill('SIGTERM')
      await server.exited
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
