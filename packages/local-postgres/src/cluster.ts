import { execFile } from 'node:child_process'
import { chown, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { assert, Fault, type Random, randomId } from '@chat/runtime'
import type { Binaries } from './binaries.ts'
import type { ServerUser } from './server-user.ts'

const run = promisify(execFile)

export const superuser = 'chat'

/** What a data folder remembers besides the cluster. Mode 0600. */
export interface Memory {
  readonly password: string
  readonly port: number | undefined
}

export interface DataFolder {
  /** PGDATA. */
  readonly cluster: string
  readonly logFile: string
  readonly memoryFile: string
}

export const folderOf = (dataDir: string): DataFolder => ({
  cluster: join(dataDir, 'cluster'),
  logFile: join(dataDir, 'postgres.log'),
  memoryFile: join(dataDir, 'postgres.json'),
})

export const readMemory = async (folder: DataFolder): Promise<Memory | undefined> => {
  let text: string
  try {
    text = await readFile(folder.memoryFile, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const { password, port }: Record<string, unknown> = JSON.parse(text)
  if (typeof password !== 'string')
    throw new Fault('data_folder_broken', `${folder.memoryFile} has no password`, { isRetryable: false })
  return { password, port: typeof port === 'number' ? port : undefined }
}

export const writeMemory = async (folder: DataFolder, memory: Memory): Promise<void> => {
  const draft = `${folder.memoryFile}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(memory)}\n`, { mode: 0o600 })
  await rename(draft, folder.memoryFile)
}

export const clusterOwner = async (folder: DataFolder): Promise<number | undefined> => {
  try {
    return (await stat(folder.cluster)).uid
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/**
 * Makes the cluster and its random password beside the final place and moves it there in one step, so that a run that dies halfway
 * leaves nothing to trip over. The password stands in the memory file before the cluster exists.
 */
export const createCluster = async (
  folder: DataFolder,
  binaries: Binaries,
  user: ServerUser,
  random: Random,
): Promise<void> => {
  const password = await agreePassword(folder, random)
  const draft = `${folder.cluster}.${process.pid}`
  const passwordFile = `${folder.memoryFile}.password.${process.pid}`
  try {
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { mode: 0o700 })
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
    if (user.owner !== undefined)
      for (const path of [draft, passwordFile]) await chown(path, user.owner.uid, user.owner.gid)
    await runAs(user, binaries.initdb, [
      `--pgdata=${draft}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      // The same order of text on every machine, whatever locales it has.
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ])
    await rename(draft, folder.cluster)
  } catch (error) {
    if (!isTaken(error)) throw error // Another run made it meanwhile, with the same password: the lock decides between us.
  } finally {
    await rm(passwordFile, { force: true })
    await rm(draft, { recursive: true, force: true })
  }
}

/** The password in the memory file, put there first by whoever comes first. */
const agreePassword = async (folder: DataFolder, random: Random): Promise<string> => {
  const draft = `${folder.memoryFile}.${process.pid}`
  await writeFile(draft, `${JSON.stringify({ password: randomId(random) })}\n`, { mode: 0o600 })
  try {
    await link(draft, folder.memoryFile)
  } catch (error) {
    if (!isTaken(error)) throw error // It stands already: read below.
  } finally {
    await rm(draft, { force: true })
  }
  const memory = await readMemory(folder)
  assert(memory !== undefined, 'a memory file that was written can be read')
  return memory.password
}

const runAs = async (user: ServerUser, program: string, args: readonly string[]): Promise<void> => {
  const [command = program, ...rest] = [...user.wrapper, program, ...args]
  try {
    await run(command, rest, { cwd: '/', ...user.owner })
  } catch (cause) {
    throw new Fault('postgres_failed', `initdb failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
      isRetryable: false,
      cause,
    })
  }
}

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EEXIST' || error.code === 'ENOTEMPTY')
