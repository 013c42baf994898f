import { readdirSync, readFileSync } from 'node:fs'

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

/** CPU seconds so far of the PostgreSQL server on this port with all its backends, those that ended included. */
export const databaseCpuSeconds = (port: string): number => {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(processOf)
  const server = processes.find(({ command }) => /\bpostgres\0/.test(command) && command.includes(`-p\0${port}\0`))
  if (server === undefined) throw new Error(`no PostgreSQL runs on port ${port}`)
  const backends = processes.filter(({ parent }) => parent === server.pid)
  return [server, ...backends].reduce((sum, { ticks, endedTicks }) => sum + ticks + endedTicks, 0) / ticksPerSecond
}

/** Empty for one that ended meanwhile. */
const processOf = (pid: string) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const field = (index: number): number => fields[index] ?? 0
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return [
      { pid: Number(pid), command, parent: field(1), ticks: field(11) + field(12), endedTicks: field(13) + field(14) },
    ]
  } catch {
    return [] // It ended between the listing and the look.
  }
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
