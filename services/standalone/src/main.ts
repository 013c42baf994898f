import { createConnector } from '@chat/connector'
import { createHttpSockets } from '@chat/connector/server'
import { createProjector } from '@chat/projector'
import { createRouter } from '@chat/router'
import { createFatal, createHealth, createLogger, createMetrics, exitCodeOf, runUntilSignal } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { readConfig } from './config.ts'
import { openEmbedded } from './embedded.ts'
import { createStandalone } from './standalone.ts'

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const run = async (): Promise<number> => {
  const config = readConfig(process.env)
  const logger = createLogger({ service: 'standalone', level: config.logLevel })
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  const fatal = createFatal()
  const embedded = await openEmbedded(config, { clock, random, logger, onFatal: fatal.raise, say })
  try {
    const [health, metrics] = [createHealth(), createMetrics({ withProcess: 'process' })]
    const ports = { ...embedded, clock, random, logger, health, metrics, onFatal: fatal.raise }
    const sockets = createHttpSockets({ ...config, logger, clock })
    const router = createRouter(config, ports)
    const projector = createProjector(config, ports)
    const connector = createConnector({ ...config, tokenKeys: embedded.tokenKeys }, { ...ports, sockets })
    const standalone = createStandalone({ router, projector, connector }, ports)
    const start = async () => {
      await standalone.start().catch((error: unknown) => {
        say(`cannot start: ${messageOf(error)}`)
        throw error
      })
      say(`ready ${config.publicUrl}`)
    }
    const { stopTimeoutMs } = config
    return await runUntilSignal({ start, stop: standalone.stop }, { stopTimeoutMs, logger, fatal: fatal.promise })
  } finally {
    await embedded.close()
  }
}

process.exit(await exitCodeOf(run()))
