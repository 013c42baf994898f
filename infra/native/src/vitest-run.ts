import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Cancel, Clock } from '@chat/runtime'
import { identify, signalGroup, signalProcess } from './identity.ts'
import type { Processes } from './processes.ts'
import { type Counts, countsOf, failuresOf, type Project, projects } from './test-plan.ts'

export interface VitestOptions {
  readonly repoDir: string
  readonly passedOn: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Files that share two cores with a broker, a database and a registry. */
const workersMax = 2

/** For the report of a run that was ended early, ms. */
const reportGraceMs = 5_000

export interface Outcome {
  readonly counts: Counts
  /** What failed and why, for people: as many as `counts` has. */
  readonly failures: readonly string[]
}

/**
 * Runs one project. Aborting kills the runner and all that its tests started. A project without a test that could run counts as a failure:
 * nobody chooses one for that.
 */
export const runProject = async (
  project: Project,
  options: VitestOptions & {
    readonly reportDir: string
    /** Where the runner's own output goes. */
    readonly output: 'inherit' | 'ignore'
    readonly processes: Processes
    readonly clock: Clock
    readonly timeoutMs: number
    readonly signal: AbortSignal
    readonly say: (line: string) => void
  },
): Promise<Outcome> => {
  const report = join(options.reportDir, `${project}.json`)
  mkdirSync(options.reportDir, { recursive: true })
  rmSync(report, { force: true })
  const reporting = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const args = ['run', '--project', project, `--maxWorkers=${workersMax}`, ...reporting]
  // A group of its own: one signal ends the runner, its workers and the services they started.
  const child = spawn(process.execPath, [vitestMain(options.repoDir), ...args, ...options.passedOn], {
    cwd: options.repoDir,
    env: options.env,
    stdio: ['ignore', options.output, options.output],
    detached: true,
  })
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  if (identity !== undefined) options.processes.adopt(`vitest-${project}`, identity)
  let cancelKill: Cancel = () => {}
  const kill = () => {
    if (identity !== undefined) signalGroup(identity, 'SIGKILL')
  }
  // Asked first, it still reports what it did.
  const end = () => {
    if (identity !== undefined) signalProcess(identity, 'SIGINT')
    cancelKill = options.clock.after(reportGraceMs, kill)
  }
  const cancelTimeout = options.clock.after(options.timeoutMs, () => {
    options.say(`the ${project} tests are not done after ${Math.round(options.timeoutMs / 1000)} s: stopped`)
    end()
  })
  options.signal.addEventListener('abort', end, { once: true })
  try {
    const exitCode = await exitOf(child)
    const written: unknown = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined
    return { counts: countsOf(written, exitCode), failures: failuresOf(written, exitCode) }
  } finally {
    cancelTimeout()
    cancelKill()
    options.signal.removeEventListener('abort', end)
    options.processes.forget(`vitest-${project}`)
  }
}

/** The projects of `among` that have a file matching what is passed on. */
export const projectsWithFiles = async (
  among: readonly Project[],
  options: VitestOptions,
): Promise<readonly Project[]> => {
  const chosen = among.flatMap((project) => ['--project', project])
  const args = [vitestMain(options.repoDir), 'list', '--filesOnly', '--json', ...chosen, ...options.passedOn]
  const child = spawn(process.execPath, args, {
    cwd: options.repoDir,
    env: options.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const exitCode = await exitOf(child)
  if (exitCode !== 0) throw new Error(`vitest cannot list the test files (exit ${exitCode}):\n${output}`)
  const files = JSON.parse(output) as readonly { readonly projectName?: string }[]
  return projects.filter((project) => files.some(({ projectName }) => projectName === project))
}

const exitOf = (child: ReturnType<typeof spawn>): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })

const vitestMain = (repoDir: string): string =>
  join(dirname(createRequire(join(repoDir, 'package.json')).resolve('vitest/package.json')), 'vitest.mjs')
