import { readFileSync } from 'node:fs'

/** CPU time so far and resident memory of a process, from /proc (proc(5)). */
export interface Usage {
  readonly cpuSeconds: number
  readonly rssMiB: number
}

const ticksPerSecond = 100 // sysconf(_SC_CLK_TCK) on every Linux that Node runs on.

export const usageOf = (pid: number): Usage => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Fields are counted after the command name, which may hold spaces: utime is the 12th, stime the 13th, rss the 22nd.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const field = (index: number): number => Number(fields[index])
  return { cpuSeconds: (field(11) + field(12)) / ticksPerSecond, rssMiB: Math.round((field(21) * 4096) / 2 ** 20) }
}

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
