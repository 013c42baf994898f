import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100 // sysconf(_SC_CLK_TCK) on every Linux that Node runs on.

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
