import { renameSync, writeFileSync } from 'node:fs'
import { startLocalPostgres } from '@chat/local-postgres'
import { createFatal, createLogger, runUntilSignal } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'

/** Holds the stack's PostgreSQL: `postgres-main.ts DATA_DIR PORT URL_FILE`. Ends with it, and ends it on SIGTERM. */
const [dataDir, port, urlFile] = process.argv.slice(2)
if (dataDir === undefined || port === undefined || urlFile === undefined)
  throw new Error('usage: postgres-main.ts DATA_DIR PORT URL_FILE')
const logger = createLogger({ service: 'postgres', level: 'info' })
const fatal = createFatal()
const starting = startLocalPostgres({
  dataDir,
  port: Number(port),
  // Every test file has its own database, and every process in it some pools.
  maxConnections: 300,
  clock,
  random,
  logger,
  onFatal: fatal.raise,
})
const service = {
  start: async () => {
    const { url } = await starting
    writeFileSync(`${urlFile}.new`, url, { mode: 0o600 })
    renameSync(`${urlFile}.new`, urlFile)
  },
  stop: async () => (await starting).stop(),
}
// The server is a process of its own and does not keep this one alive.
const keepAlive = setInterval(() => {}, 60_000)
const exitCode = await runUntilSignal(service, { stopTimeoutMs: 14_000, logger, fatal: fatal.promise })
clearInterval(keepAlive)
process.exit(exitCode)
