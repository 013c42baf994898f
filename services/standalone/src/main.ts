import { createConnector } from '@chat/connector'
import { dialectLines, withDialects } from '@chat/connector/dialects'
import { createHttpSockets } from '@chat/connector/server'
import { createProjector } from '@chat/projector'
import { createRouter } from '@chat/router'
import { createFatal, createHealth, createLogger, createMetrics, exitCodeOf, runUntilSignal } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { parseStartArgs } from './arguments.ts'
import { readConfig } from './config.ts'
import { createDesks } from './desks.ts'
import { openEmbedded } from './embedded.ts'
import { openDoor } from './local-door.ts'
import { createStandalone } from './standalone.ts'

/** Of the time for a stop, what is kept for the database to end in, ms. */
const closeReserveMs = 5_000

const say = (line: string) => void process.stdout.write(`${line}\n`)
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const run = async (): Promise<number> => {
  const request = parseStartArgs(process.argv.slice(2))
  const config = readConfig(process.env, request)
  const logger = createLogger({ service: 'standalone', level: config.logLevel })
  const fatal = createFatal()
  const [health, metrics] = [createHealth(), createMetrics({ withProcess: 'process' })]
  const open = async (signal: AbortSignal) => {
    const embedded = await openEmbedded(config, { clock, random, logger, onFatal: fatal.raise, say, signal })
    const ports = { ...embedded, clock, random, logger, health, metrics, onFatal: fatal.raise }
    const http = createHttpSockets({ ...config, logger, clock })
    const sockets = await withDialects(http, config, { clock, random, logger })
    const door = await openDoor(config.dataDir, createDesks(config, ports), logger)
    return {
      router: createRouter(config, ports),
      projector: createProjector(config, ports),
      connector: createConnector({ ...config, tokenKeys: embedded.tokenKeys }, { ...ports, sockets }),
      close: async () => {
        await door?.close()
        await embedded.close()
      },
    }
  }
  const drainTimeoutMs = Math.max(config.stopTimeoutMs - closeReserveMs, config.stopTimeoutMs / 2)
  const standalone = createStandalone(open, { clock, health, drainTimeoutMs })
  const start = async () => {
    try {
      await standalone.start()
      for (const line of dialectLines(config)) say(line)
      say(`ready ${config.publicUrl}`)
    } catch (error) {
      if (!standalone.stopping.aborted) say(`cannot start: ${messageOf(error)}`)
      throw error
    }
  }
  const { stopTimeoutMs } = config
  return await runUntilSignal({ start, stop: standalone.stop }, { stopTimeoutMs, logger, fatal: fatal.promise })
}

process.exit(await exitCodeOf(run()))
