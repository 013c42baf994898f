import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, sleep } from '@chat/runtime'
import { type Identity, identify, isAlive, signalGroup, signalProcess } from './identity.ts'

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * Named processes that outlive the command that started them: each leads its own session, writes to `log/<name>.log` and is
 * remembered in `run/<name>.json` with its pid and start, so that a later command finds it, and never signals another program
 * that got its pid.
 */
export interface Processes {
  /** Starts it; throws when one of that name runs. */
  start(name: string, launch: Launch): Identity
  /** Remembers a process that somebody else started, so that a later command can stop it. */
  adopt(name: string, identity: Identity): void
  /** Of one that is known to be gone. */
  forget(name: string): void
  /** undefined: not started, or dead. */
  running(name: string): Identity | undefined
  /** Every name that was started and not stopped, dead ones included. */
  names(): readonly string[]
  /** False: it does not run. */
  signal(name: string, signal: NodeJS.Signals): boolean
  /** SIGTERM, then after `deadlineMs` SIGKILL to all of its group. Resolves when it is gone. */
  stop(name: string, deadlineMs: number): Promise<void>
  logPath(name: string): string
}

/** Far longer than the kernel needs to end a killed process, ms. */
const killDeadlineMs = 5_000
const pollMs = 25

export const createProcesses = (dir: string, clock: Clock): Processes => {
  const logPath = (name: string) => join(dir, 'log', `${name}.log`)
  const recordPath = (name: string) => join(dir, 'run', `${name}.json`)

  const recorded = (name: string): Identity | undefined => {
    try {
      return parseIdentity(readFileSync(recordPath(name), 'utf8'))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }
  const running = (name: string): Identity | undefined => {
    const identity = recorded(name)
    return identity !== undefined && isAlive(identity) ? identity : undefined
  }
  const adopt = (name: string, identity: Identity): void => {
    mkdirSync(join(dir, 'run'), { recursive: true })
    // Written whole or not at all: a half record would hide a running process.
    writeFileSync(`${recordPath(name)}.new`, JSON.stringify(identity))
    renameSync(`${recordPath(name)}.new`, recordPath(name))
  }
  const isGone = async (identity: Identity, deadlineMs: number): Promise<boolean> => {
    const deadline = clock.monotonic() + deadlineMs
    while (isAlive(identity)) {
      if (clock.monotonic() > deadline) return false
      await sleep(clock, pollMs)
    }
    return true
  }

  return {
    running,
    logPath,
    start: (name, launch) => {
      if (running(name) !== undefined) throw new Error(`${name} runs already`)
      mkdirSync(join(dir, 'log'), { recursive: true })
      const identity = spawnDetached(launch, logPath(name))
      adopt(name, identity)
      return identity
    },
    adopt,
    forget: (name) => rmSync(recordPath(name), { force: true }),
    names: () => {
      mkdirSync(join(dir, 'run'), { recursive: true })
      return readdirSync(join(dir, 'run'))
        .filter((file) => file.endsWith('.json'))
        .map((file) => file.slice(0, -'.json'.length))
    },
    signal: (name, signal) => {
      const identity = recorded(name)
      return identity !== undefined && signalProcess(identity, signal)
    },
    stop: async (name, deadlineMs) => {
      const identity = recorded(name)
      if (identity === undefined) return
      signalProcess(identity, 'SIGTERM')
      // One that was adopted may lead no group.
      if (!(await isGone(identity, deadlineMs)) && !signalGroup(identity, 'SIGKILL')) signalProcess(identity, 'SIGKILL')
      if (!(await isGone(identity, killDeadlineMs))) throw new Error(`${name} (pid ${identity.pid}) cannot be killed`)
      rmSync(recordPath(name), { force: true })
    },
  }
}

const spawnDetached = (launch: Launch, log: string): Identity => {
  const output = openSync(log, 'a')
  try {
    const child = spawn(launch.command, launch.args, {
      cwd: launch.cwd,
      env: launch.env,
      stdio: ['ignore', output, output],
      detached: true,
    })
    child.on('error', () => {}) // Told by the missing pid below.
    child.unref()
    const identity = child.pid === undefined ? undefined : identify(child.pid)
    if (identity === undefined) throw new Error(`cannot run ${launch.command}: see ${log}`)
    return identity
  } finally {
    closeSync(output)
  }
}

const parseIdentity = (json: string): Identity => {
  const value: unknown = JSON.parse(json)
  const isIdentity =
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'startedAt' in value &&
    typeof value.startedAt === 'string'
  if (!isIdentity) throw new Error(`not a process record: ${json}`)
  return { pid: value.pid as number, startedAt: value.startedAt as string }
}
