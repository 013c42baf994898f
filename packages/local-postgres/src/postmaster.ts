import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, Fault, sleep } from '@chat/runtime'
import { isMissing } from './cluster.ts'

/** A server that runs on a cluster, as its postmaster.pid tells (lines: pid, data folder, start time, port, …). */
export interface Postmaster {
  readonly pid: number
  readonly port: number
}

const pidFile = (cluster: string): string => join(cluster, 'postmaster.pid')

const readPidFile = async (cluster: string): Promise<Postmaster | undefined> => {
  const text = await readIfThere(pidFile(cluster))
  if (text === undefined) return undefined
  const [pid, , , port] = text.split('\n')
  return { pid: Number(pid), port: Number(port) }
}

/** The server that is alive on this cluster. A file left by one that died is removed: its pid may be somebody else's by now. */
export const findPostmaster = async (cluster: string): Promise<Postmaster | undefined> => {
  const found = await readPidFile(cluster)
  if (found === undefined) return undefined
  if (await isPostmasterOf(found.pid, cluster)) return found
  await rm(pidFile(cluster), { force: true })
  return undefined
}

const isPostmasterOf = async (pid: number, cluster: string): Promise<boolean> => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (isEnded(error)) return false
  }
  const commandLine = await readIfThere(`/proc/${pid}/cmdline`)
  // Without /proc (macOS) a living pid is believed; PostgreSQL itself does the same.
  return commandLine === undefined || commandLine.split('\0').includes(cluster)
}

/** Fast shutdown; after `graceMs` an immediate one, from which the next start recovers. Resolves when the server is gone. */
export const stopPostmaster = async (cluster: string, pid: number, graceMs: number, clock: Clock): Promise<void> => {
  kill(pid, 'SIGINT')
  if (await isGoneWithin(cluster, pid, graceMs, clock)) return
  kill(pid, 'SIGQUIT')
  if (await isGoneWithin(cluster, pid, graceMs, clock)) return
  throw new Fault('postgres_stuck', `the PostgreSQL server with pid ${pid} does not stop`, { isRetryable: false })
}

/** The file goes last in a shutdown. The process may stay as a zombie where nobody reaps, so it is not asked alone. */
const isGoneWithin = async (cluster: string, pid: number, graceMs: number, clock: Clock): Promise<boolean> => {
  const deadline = clock.monotonic() + graceMs
  while (clock.monotonic() < deadline) {
    const found = await readPidFile(cluster)
    if (found?.pid !== pid || !(await isPostmasterOf(pid, cluster))) return true
    await sleep(clock, 20)
  }
  return false
}

const kill = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // Gone already: what was asked for.
    if (!isEnded(error)) throw error
  }
}

const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    // A process that ends between the opening of its /proc file and the reading is gone, too.
    if (isMissing(error) || isEnded(error)) return undefined
    throw error
  }
}

const isEnded = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ESRCH'
