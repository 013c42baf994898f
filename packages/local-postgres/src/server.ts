import { type ChildProcess, spawn } from 'node:child_process'
import { open, stat } from 'node:fs/promises'
import { Fault, sleep } from '@chat/runtime'
import pg from 'pg'
import type { Binaries } from './binaries.ts'
import { type DataFolder, type Memory, superuser } from './cluster.ts'
import { type DataFolderLock, lockDataFolder } from './data-folder-lock.ts'
import type { LocalPostgresOptions } from './options.ts'
import { stopPostmaster } from './postmaster.ts'
import type { ServerUser } from './server-user.ts'

export const database = 'chat'
/** For a fast shutdown, then for an immediate one, ms. */
export const stopGraceMs = 10_000
/** A server's log is begun anew at a start when it has grown beyond this, bytes. */
const logBytesMax = 8 * 1024 * 1024

export interface Attempt {
  readonly options: LocalPostgresOptions
  readonly dataDir: string
  readonly folder: DataFolder
  readonly binaries: Binaries
  readonly user: ServerUser
  readonly memory: Memory
  readonly port: number
}

/** Starts the server, waits until it answers and claims the folder. undefined: it exited before, or the start was aborted. */
export const launch = async (attempt: Attempt, deadline: number) => {
  const { options, dataDir, folder, memory, port } = attempt
  const { clock, logger } = options
  let state: 'starting' | 'running' | 'stopping' = 'starting'
  const exit = Promise.withResolvers<void>()
  let hasExited = false
  const lost = (error: unknown) => {
    if (state !== 'running') return
    state = 'stopping'
    logger.error({ err: error, dataDir }, 'database server lost')
    options.onFatal?.(error)
  }
  const onExit = (reason: unknown) => {
    hasExited = true
    exit.resolve()
    lost(new Fault('postgres_exited', `the PostgreSQL server exited with ${reason}`))
  }
  const child = await spawnServer(attempt, onExit)

  const end = async (lock: DataFolderLock | undefined): Promise<void> => {
    state = 'stopping'
    child.ref() // From here the process waits for its exit: with nothing else to do Node would end first, with code 0.
    await lock?.release().catch(() => {}) // A connection that is broken already holds nothing.
    if (!hasExited && child.pid !== undefined) await stopPostmaster(folder.cluster, child.pid, stopGraceMs, clock)
    await exit.promise
  }

  const adminUrl = urlOf(memory, port, 'postgres')
  let lock: DataFolderLock | undefined
  try {
    while (!hasExited && !options.signal?.aborted && clock.monotonic() < deadline) {
      if (!(await answers(adminUrl))) {
        await sleep(clock, 25)
        continue
      }
      if (hasExited) return undefined // The answer came from another server.
      lock = await lockDataFolder(adminUrl, { dataDir, clock, onLost: lost })
      await createDatabase(adminUrl)
      state = 'running'
      let ended: Promise<void> | undefined
      const stop = (): Promise<void> => {
        ended ??= end(lock)
        return ended
      }
      return { url: urlOf(memory, port, database), pid: child.pid ?? 0, stop }
    }
  } catch (error) {
    await end(lock)
    throw error
  }
  if (!hasExited) await end(undefined)
  return undefined
}

const spawnServer = async (
  { options, folder, binaries, user, port }: Attempt,
  onExit: (reason: unknown) => void,
): Promise<ChildProcess> => {
  const logSize = await stat(folder.logFile).then(
    ({ size }) => size,
    () => 0, // The first start: there is no log yet.
  )
  const log = await open(folder.logFile, logSize > logBytesMax ? 'w' : 'a', 0o600)
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `max_connections=${options.maxConnections ?? 50}`,
    // Nobody replicates from it, so the log carries less.
    'wal_level=minimal',
    'max_wal_senders=0',
    'max_wal_size=1GB',
    'jit=off',
    ...(options.flags ?? []),
  ].flatMap((setting) => ['-c', setting])
  const [command = binaries.postgres, ...args] = [
    ...user.wrapper,
    binaries.postgres,
    '-D',
    folder.cluster,
    '-p',
    String(port),
    ...settings,
  ]
  try {
    const child = spawn(command, args, {
      cwd: '/',
      // A session of its own: the terminal's Ctrl-C must not stop it before those who still write to it.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      ...user.owner,
    })
    // At once: a server that refuses its settings has exited before the next await is over, and nobody would hear of it.
    child.once('exit', (code, signal) => onExit(code ?? signal)).once('error', onExit)
    child.unref()
    return child
  } finally {
    await log.close()
  }
}

export const urlOf = (memory: Memory, port: number, name: string): string =>
  `postgres://${superuser}:${memory.password}@127.0.0.1:${port}/${name}`

const answers = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => {}) // `connect` and `end` tell it.
  try {
    await client.connect()
    return true
  } catch {
    return false // Not up yet: the caller asks again until its deadline.
  } finally {
    await client.end().catch(() => {}) // Never connected.
  }
}

const createDatabase = async (adminUrl: string): Promise<void> => {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database])
    if (rowCount === 0) await client.query(`create database ${database}`)
  } finally {
    await client.end()
  }
}
