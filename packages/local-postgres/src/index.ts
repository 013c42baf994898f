import { mkdir, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault, isFault, sleep } from '@chat/runtime'
import { findBinaries } from './binaries.ts'
import {
  clusterOwner,
  createCluster,
  type DataFolder,
  folderOf,
  type Memory,
  readMemory,
  removeDrafts,
  writeMemory,
} from './cluster.ts'
import { lockDataFolder } from './data-folder-lock.ts'
import { choosePort } from './free-port.ts'
import type { LocalPostgresOptions } from './options.ts'
import { findPostmaster, stopPostmaster } from './postmaster.ts'
import { launch, stopGraceMs, urlOf } from './server.ts'
import { chooseServerUser } from './server-user.ts'

export { type DataFolderLock, type LockOptions, lockDataFolder } from './data-folder-lock.ts'
export { findLocalPostgres } from './find.ts'
export type { LocalPostgresOptions } from './options.ts'

export interface LocalPostgres {
  /** Of a database `chat`, as its owner and superuser, with the password. */
  readonly url: string
  /** The cluster was made by this start. */
  readonly isFresh: boolean
  readonly port: number
  readonly pid: number
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. Idempotent. */
  stop(): Promise<void>
}

/** Until a start gives up, ms: recovery after a crash may take a while. */
const startTimeoutMs = 60_000
/** Servers that exit before they are ready: more than this and the reason is not a neighbour that goes away. */
const exitsMax = 8

/**
 * Starts a PostgreSQL 18 of its own on 127.0.0.1, with its data in `dataDir`. The server has a session of its own: Ctrl-C reaches only
 * this process, which stops it last; if this process is killed the server lives on, and the next start ends it cleanly first.
 * Throws Fault `data_folder_in_use`, `port_in_use`, `postgres_missing`, `postgres_user` or `postgres_failed`, each with a sentence for the operator.
 * A start that is aborted or fails leaves no server behind.
 */
export const startLocalPostgres = async (options: LocalPostgresOptions): Promise<LocalPostgres> => {
  const { clock, logger, signal } = options
  const dataDir = resolve(options.dataDir)
  const folder = folderOf(dataDir)
  const binaries = await findBinaries(process.platform, process.arch)
  await mkdir(dataDir, { recursive: true })
  const user = await chooseServerUser(
    process.getuid?.(),
    [dataDir, binaries.initdb, binaries.postgres],
    await clusterOwner(folder),
  )
  const isFresh = (await clusterOwner(folder)) === undefined
  if (isFresh) {
    logger.info({ dataDir }, 'making database cluster')
    await createCluster(folder, binaries, user, options)
  }
  const deadline = clock.monotonic() + startTimeoutMs
  for (let exits = 1; ; exits++) {
    signal?.throwIfAborted()
    await endOrphan(folder, dataDir, options)
    const memory = await remembered(folder)
    const port = await choosePort(options.port, memory.port)
    const started = await launch({ options, dataDir, folder, binaries, user, memory, port }, deadline)
    if (started !== undefined) {
      await remember(folder, { ...memory, port }).catch(async (error: unknown) => {
        await started.stop()
        throw error
      })
      return { ...started, isFresh, port }
    }
    signal?.throwIfAborted()
    // Somebody else's server may have come up first on this folder: the next round finds it, and its lock.
    if (exits === exitsMax || clock.monotonic() > deadline) throw await startFailed(folder)
    await sleep(clock, 250, signal)
  }
}

/** Under the lock of the server that was started. */
const remember = async (folder: DataFolder, memory: Memory): Promise<void> => {
  await writeMemory(folder, memory)
  await removeDrafts(folder)
}

const remembered = async (folder: DataFolder): Promise<Memory> => {
  const memory = await readMemory(folder)
  if (memory === undefined)
    throw new Fault(
      'data_folder_broken',
      `${folder.memoryFile} is missing: the password of ${folder.cluster} is lost`,
      {
        isRetryable: false,
      },
    )
  return memory
}

/** A living server without a run that holds its lock was left by a killed run: stopped, so that ours has our settings. */
const endOrphan = async (folder: DataFolder, dataDir: string, options: LocalPostgresOptions): Promise<void> => {
  const { clock, logger } = options
  const orphan = await findPostmaster(folder.cluster)
  if (orphan === undefined) return
  const memory = await remembered(folder)
  try {
    const lock = await lockDataFolder(urlOf(memory, orphan.port, 'postgres'), { dataDir, clock, onLost: () => {} })
    logger.info({ pid: orphan.pid }, 'stopping orphaned database server')
    await lock.release()
  } catch (error) {
    if (isFault(error, 'data_folder_in_use')) throw error
    // It starts or stops at this moment, or is out of connections: a living run would answer within the lock's patience.
    logger.warn({ pid: orphan.pid, err: error }, 'database server does not answer')
    await sleep(clock, 500)
    return
  }
  await stopPostmaster(folder.cluster, orphan.pid, stopGraceMs, clock)
}

const startFailed = async (folder: DataFolder): Promise<Fault> => {
  const log = await readFile(folder.logFile, 'utf8').catch(() => '') // Without a log the sentence must do.
  const lines = log.trimEnd().split('\n').slice(-5).join('\n')
  return new Fault('postgres_failed', `PostgreSQL does not start on ${folder.cluster}:\n${lines}`, {
    isRetryable: false,
  })
}
