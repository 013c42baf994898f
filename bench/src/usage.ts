import { readdirSync, readFileSync } from 'node:fs'

/** CPU time so far and resident memory of a process, or of one with all that it started. */
export interface Usage {
  readonly cpuSeconds: number
  readonly rssMiB: number
}

/** One process at one moment, from /proc (proc(5)). */
export interface ProcessStat {
  readonly pid: number
  readonly parent: number
  /** Of its own. */
  readonly ticks: number
  /** Of its children that have ended and were waited for. */
  readonly endedTicks: number
  readonly residentPages: number
  /** Of these, those that others may have too. */
  readonly sharedPages: number
}

const ticksPerSecond = 100 // sysconf(_SC_CLK_TCK) on every Linux that Node runs on.
const pageBytes = 4096

/** Reads `stat` and `statm` of a process. Pure. */
export const parseStat = (stat: string, statm: string): ProcessStat => {
  // Fields are counted after the command name, which may hold spaces: ppid is the 2nd, utime to cstime the 12th to 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const field = (index: number): number => Number(fields[index])
  const [, resident = 0, shared = 0] = statm.split(' ').map(Number)
  return {
    pid: Number.parseInt(stat, 10),
    parent: field(1),
    ticks: field(11) + field(12),
    endedTicks: field(13) + field(14),
    residentPages: resident,
    sharedPages: shared,
  }
}

/** Every process of the machine. */
export const readProcesses = (): readonly ProcessStat[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [parseStat(readFileSync(`/proc/${name}/stat`, 'utf8'), readFileSync(`/proc/${name}/statm`, 'utf8'))]
      } catch {
        return [] // It ended meanwhile.
      }
    })

/** What one process used. Throws when there is none of that pid. */
export const usageOf = (pid: number, processes: readonly ProcessStat[]): Usage => {
  const found = processes.find((process) => process.pid === pid)
  if (found === undefined) throw new Error(`process ${pid} has ended`)
  return { cpuSeconds: found.ticks / ticksPerSecond, rssMiB: mebibytesOf(found.residentPages) }
}

/**
 * What processes used together with all they started, those that ended included: a database server is a process a connection. What they
 * share counts once.
 */
export const usageOfTrees = (roots: readonly number[], processes: readonly ProcessStat[]): Usage => {
  const members = treesOf(roots, processes)
  const own = members.reduce((sum, { residentPages, sharedPages }) => sum + residentPages - sharedPages, 0)
  const shared = Math.max(0, ...members.map(({ sharedPages }) => sharedPages))
  const ticks = members.reduce((sum, process) => sum + process.ticks + process.endedTicks, 0)
  return { cpuSeconds: ticks / ticksPerSecond, rssMiB: mebibytesOf(own + shared) }
}

export const childrenOf = (pid: number, processes: readonly ProcessStat[]): readonly number[] =>
  processes.filter(({ parent }) => parent === pid).map((child) => child.pid)

/** Of processes with all they started. */
export const pidsOfTrees = (roots: readonly number[], processes: readonly ProcessStat[]): readonly number[] =>
  treesOf(roots, processes).map(({ pid }) => pid)

const treesOf = (roots: readonly number[], processes: readonly ProcessStat[]): readonly ProcessStat[] =>
  roots.flatMap((root) => [
    ...processes.filter(({ pid }) => pid === root),
    ...treesOf(childrenOf(root, processes), processes),
  ])

const mebibytesOf = (pages: number): number => Math.round((pages * pageBytes) / 2 ** 20)

/** What each process used between two moments; `cores` = CPU seconds a second. */
export const usageBetween = (
  before: ReadonlyMap<string, Usage>,
  after: ReadonlyMap<string, Usage>,
  seconds: number,
): Readonly<Record<string, { readonly cores: number; readonly rssMiB: number }>> =>
  Object.fromEntries(
    [...after].map(([name, usage]) => {
      const spent = usage.cpuSeconds - (before.get(name)?.cpuSeconds ?? 0)
      return [name, { cores: Math.round((spent / seconds) * 100) / 100, rssMiB: usage.rssMiB }]
    }),
  )
