import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** `Cpus_allowed_list` of proc(5): numbers and ranges, as `0-2,5`. Pure. */
export const parseCores = (list: string): readonly number[] =>
  list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })

const ownCores = (): readonly number[] => {
  const [, list = '0'] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return parseCores(list)
}

/** All threads of each, and those that they start later. `taskset` is of util-linux. */
const keepOn = (cores: readonly number[], pids: readonly number[]): void => {
  for (const pid of pids)
    try {
      execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores.join(','), String(pid)], { stdio: 'pipe' })
    } catch (error) {
      if (existsSync(`/proc/${pid}`)) throw error // Else it ended meanwhile.
    }
}

/**
 * Gives this process, which is the load, a core of its own, and `pids` the others: people have machines of their own, and what they take is
 * no part of what a system can do. Returns what takes it back. Throws when there is one core only.
 */
export const keepApart = (pids: readonly number[]): (() => void) => {
  const cores = ownCores()
  if (cores.length < 2) throw new Error('the load can have a core of its own where there are two or more')
  keepOn(cores.slice(-1), [process.pid])
  keepOn(cores.slice(0, -1), pids)
  return () => keepOn(cores, [process.pid, ...pids])
}
