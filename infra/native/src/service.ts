import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, sleep } from '@chat/runtime'
import { identify } from './identity.ts'
import { createOutput } from './output.ts'
import { freePort } from './ports.ts'
import { createProcesses } from './processes.ts'

export type ServiceName = 'connector' | 'router' | 'projector' | 'standalone'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process of ours under test. */
export interface ServiceProcess {
  readonly name: ServiceName
  readonly pid: number
  /** Where it serves /healthz, /readyz and /metrics, and a connector its whole API. */
  readonly url: string
  /** Any signal, SIGSTOP and SIGCONT included; false: it has ended. */
  kill(signal: NodeJS.Signals): boolean
  /** Resolves once /readyz answers 200. Throws with its log when it ends first, or is not ready within `timeoutMs`. */
  ready(timeoutMs?: number): Promise<void>
  readonly exited: Promise<Exit>
  /** Everything it wrote so far, both streams. */
  logs(): string
}

const repoDir = join(import.meta.dirname, '..', '..', '..')
const pollMs = 50

/**
 * Starts `services/<name>/src/main.ts` on the pinned Node with exactly `env`. `CHAT_PORT` is a free port unless given. The
 * caller ends it: kill, then wait for `exited`.
 */
export const spawnService = async (
  name: ServiceName,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  args: readonly string[] = [],
): Promise<ServiceProcess> => {
  const port = env.CHAT_PORT ?? String(await freePort())
  const url = `http://127.0.0.1:${port}`
  const output = createOutput(name)
  const child = spawn(pinnedNode(), [join(repoDir, 'services', name, 'src', 'main.ts'), ...args], {
    cwd: repoDir,
    env: { ...env, CHAT_PORT: port },
    stdio: ['ignore', output.descriptor, output.descriptor],
  })
  output.handOver()
  const exited = new Promise<Exit>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve({ code, signal }))
  }).finally(output.end)
  track(name, child.pid, exited, process.env.CHAT_STACK_DIR, clock)
  exited.catch(() => {}) // Whoever waits for it sees it; nobody has to.
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  if (child.pid === undefined) await exited

  return {
    name,
    pid: child.pid ?? 0,
    url,
    kill: (signal) => child.kill(signal),
    exited,
    logs: output.text,
    ready: async (timeoutMs = 30_000) => {
      const deadline = clock.monotonic() + timeoutMs
      while (!(await isReady(url))) {
        if (hasEnded()) throw new Error(`${name} ended before it was ready:\n${output.text()}`)
        if (clock.monotonic() > deadline)
          throw new Error(`${name} is not ready after ${timeoutMs} ms:\n${output.text()}`)
        await sleep(clock, pollMs)
      }
    },
  }
}

/** In the records of the test run's stack: the next run ends it should this one be killed. */
const track = (
  name: ServiceName,
  pid: number | undefined,
  exited: Promise<Exit>,
  stackDir: string | undefined,
  clock: Clock,
): void => {
  const identity = pid === undefined ? undefined : identify(pid)
  if (identity === undefined || stackDir === undefined) return
  const processes = createProcesses(stackDir, clock)
  const record = `${name}-${identity.pid}`
  processes.adopt(record, identity)
  const forget = () => processes.forget(record)
  exited.then(forget, forget)
}

const isReady = async (url: string): Promise<boolean> => {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })
    await answer.body?.cancel()
    return answer.ok
  } catch {
    return false // Not listening yet.
  }
}

/** Node 24 of the development dependencies: also when a test runner was started with an older one. */
const pinnedNode = (): string => {
  const pinned = join(repoDir, 'node_modules', 'node', 'bin', 'node')
  return existsSync(pinned) ? pinned : process.execPath
}
