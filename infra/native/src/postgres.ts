import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Clock, sleep } from '@chat/runtime'
import pg from 'pg'
import { type Identity, identify, isAlive, signalProcess } from './identity.ts'
import type { Server } from './server.ts'

/** Of one database on the stack's server, with its password; undefined before its first start. */
export const databaseUrl = (stackDir: string, database: string): string | undefined => {
  const file = urlFileIn(stackDir)
  return existsSync(file) ? readFileSync(file, 'utf8').replace(/[^/]*$/, database) : undefined
}

const urlFileIn = (stackDir: string): string => join(stackDir, 'postgres', 'url')

/** Nothing happens when it is there. */
export const createDatabase = async (url: string): Promise<void> => {
  const name = new URL(url).pathname.slice(1)
  const client = new pg.Client(url.replace(/[^/]*$/, 'postgres'))
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}

/** The embedded PostgreSQL, held by a process of its own (`postgres-main.ts`) that stops it on SIGTERM. */
export const postgresServer = (options: {
  readonly dir: string
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  readonly clock: Clock
}): Server => {
  const dir = join(options.dir, 'postgres')
  return {
    name: 'postgres',
    address: `127.0.0.1:${options.port}`,
    ports: [options.port],
    startTimeoutMs: 60_000,
    stopTimeoutMs: 15_000,
    prepare: async () => {
      mkdirSync(dir, { recursive: true })
      const main = join(import.meta.dirname, 'postgres-main.ts')
      return {
        command: process.execPath,
        args: [main, join(dir, 'data'), String(options.port), urlFileIn(options.dir)],
        cwd: options.dir,
        env: options.env,
      }
    },
    isServing: () => isServing(databaseUrl(options.dir, 'chat')),
    endLeftovers: () => endOrphan(join(dir, 'data', 'cluster', 'postmaster.pid'), options.clock),
  }
}

const isServing = async (url: string | undefined): Promise<boolean> => {
  if (url === undefined) return false
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 2_000 })
  client.on('error', () => {}) // A connection that breaks under a probe is its answer.
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false // Not serving yet.
  } finally {
    await client.end().catch(() => {}) // It may never have connected.
  }
}

const orphanDeadlineMs = 10_000

/** Ends a server whose holder was killed. */
const endOrphan = async (pidFile: string, clock: Clock): Promise<void> => {
  const orphan = orphanOf(pidFile)
  if (orphan === undefined) return
  signalProcess(orphan, 'SIGINT') // Fast shutdown: sessions are cut, data is flushed.
  const deadline = clock.monotonic() + orphanDeadlineMs
  while (isAlive(orphan)) {
    if (clock.monotonic() > deadline) signalProcess(orphan, 'SIGKILL')
    await sleep(clock, 50)
  }
}

/** The pid in the file may belong to another program by now; a server of ours has the data folder in its command. */
const orphanOf = (pidFile: string): Identity | undefined => {
  if (!existsSync(pidFile)) return undefined
  const identity = identify(Number(readFileSync(pidFile, 'utf8').split('\n')[0]))
  return identity !== undefined && commandOf(identity.pid).includes(dirname(pidFile)) ? identity : undefined
}

const commandOf = (pid: number): string => {
  if (process.platform !== 'linux') return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}
