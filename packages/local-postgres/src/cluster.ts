import { spawn } from 'node:child_process'
import { chown, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { assert, Fault, type Random, randomId } from '@chat/runtime'
import type { Binaries } from './binaries.ts'
import type { ServerUser } from './server-user.ts'

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
  { random, signal }: { readonly random: Random; readonly signal?: AbortSignal },
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
    const args = [
      `--pgdata=${draft}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      // The same order of text on every machine, whatever locales it has.
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ]
    await runAs(user, binaries.initdb, args, signal)
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

/**
 * Removes what runs that died while they made the cluster left beside it. For the holder of the folder's lock: whoever else makes one at
 * this moment is alive, and what it makes stays.
 */
export const removeDrafts = async (folder: DataFolder): Promise<void> => {
  const dir = dirname(folder.cluster)
  const prefixes = [folder.cluster, folder.memoryFile, `${folder.memoryFile}.password`].map((path) => basename(path))
  for (const name of await readdir(dir)) {
    const pid = /^(.+)\.(\d+)$/.exec(name)
    if (pid === null || !prefixes.includes(pid[1] ?? '')) continue
    // Ours are done with; one of our pid is of an earlier run, as in a container.
    if (Number(pid[2]) === process.pid || !isRunning(Number(pid[2])))
      await rm(join(dir, name), { recursive: true, force: true })
  }
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH') // EPERM: somebody else's, and alive.
  }
}

/** Resolves when the program and all that it started have ended, after an abort too; then it rejects with the signal's reason. */
const runAs = async (
  user: ServerUser,
  program: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> => {
  signal?.throwIfAborted()
  const [command = program, ...rest] = [...user.wrapper, program, ...args]
  // A session of its own: the terminal's Ctrl-C reaches it through us alone.
  const child = spawn(command, rest, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...user.owner })
  const stop = () => void child.kill('SIGTERM')
  signal?.addEventListener('abort', stop, { once: true })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = `${output}${chunk}`.slice(-outputCharactersMax)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const outcome = await new Promise<number | NodeJS.Signals | null | Error>((resolve) => {
    child.on('error', resolve).on('close', (code, killer) => resolve(code ?? killer))
  })
  signal?.removeEventListener('abort', stop)
  if (outcome === 0) return
  signal?.throwIfAborted()
  const reason = outcome instanceof Error ? outcome.message : `it ended with ${outcome}:\n${output.trimEnd()}`
  throw new Fault('postgres_failed', `initdb failed: ${reason}`, {
    isRetryable: false,
    cause: outcome,
  })
}

/** The end of what initdb wrote, for its failure. */
const outputCharactersMax = 4_000

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EEXIST' || error.code === 'ENOTEMPTY')
