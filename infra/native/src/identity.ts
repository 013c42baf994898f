import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process for ever: its pid may be given to another program, the pid with its start never is. */
export interface Identity {
  readonly pid: number
  readonly startedAt: string
}

/** undefined: no such process, or it is dead and only waits to be reaped. */
export const identify = (pid: number): Identity | undefined => {
  const startedAt = process.platform === 'linux' ? startOnLinux(pid) : startElsewhere(pid)
  return startedAt === undefined ? undefined : { pid, startedAt }
}

export const isAlive = (identity: Identity): boolean => identify(identity.pid)?.startedAt === identity.startedAt

/** Nothing happens, and false comes back, when the process is gone or its pid belongs to another one. */
export const signalProcess = (identity: Identity, signal: NodeJS.Signals): boolean => {
  if (!isAlive(identity)) return false
  return kill(identity.pid, signal)
}

/** Like signalProcess, for the process and all of the group it leads. */
export const signalGroup = (identity: Identity, signal: NodeJS.Signals): boolean => {
  if (!isAlive(identity)) return false
  return kill(-identity.pid, signal)
}

const kill = (target: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(target, signal)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false // It ended in between: what was wanted.
    throw error
  }
}

/** proc(5): the state is the first field after the name in brackets, the start in clock ticks since boot the twentieth. */
const startOnLinux = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const isDead = fields[0] === 'Z' || fields[0] === 'X'
    return isDead ? undefined : `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined
    throw error
  }
}

const startElsewhere = (pid: number): string | undefined => {
  try {
    const [state, ...start] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/)
    return state === undefined || state.startsWith('Z') ? undefined : start.join(' ')
  } catch {
    return undefined // ps exits with 1 when there is no such process.
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
