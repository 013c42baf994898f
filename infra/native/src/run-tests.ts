import { join } from 'node:path'
import type { Clock } from '@chat/runtime'
import { kafkaJarsDir } from './downloads.ts'
import { createProcesses } from './processes.ts'
import { compose, ensureRequirements, faketime, nginx, nginxStream, tmux } from './requirements.ts'
import type { Addresses } from './stack.ts'
import { addCounts, type Counts, describeCounts, noCounts, type TestRequest } from './test-plan.ts'
import { createTestStack, type TestStack } from './test-stack.ts'
import { projectsWithFiles, runProject } from './vitest-run.ts'

export interface TestRunOptions {
  readonly repoDir: string
  readonly env: Readonly<Record<string, string>>
  readonly clock: Clock
  /** Aborted: what runs is killed, the stack is stopped, and the counts so far come back with one failure. */
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

/**
 * Ends a run that hangs, ms; without the start of the stack. No budget: they take 30 min on two quiet cores and have taken more than 40 on
 * slower ones, where they must not fail for that. CI has 90 for everything.
 */
const testsTimeoutMs = 75 * 60_000
const longTestsTimeoutMs = 120 * 60_000

/**
 * Runs the projects one after the other; those that need servers get a stack of their own, which is gone when this resolves.
 * No test at all is a failure.
 */
export const runTests = async (request: TestRequest, options: TestRunOptions): Promise<Counts> => {
  const { repoDir, env, clock, signal, say } = options
  const { passedOn } = request
  const chosen =
    passedOn.length === 0 ? request.projects : await projectsWithFiles(request.projects, { repoDir, passedOn, env })
  const test = await createTestStack({ dataDir: join(repoDir, '.chat'), brokers: 1, env, clock, say })
  const processes = createProcesses(test.dir, clock)
  // For tests that start brokers of their own to kill them, and for what they start to be found should all of it be killed.
  const testEnv = { CHAT_KAFKA_JARS: kafkaJarsDir(join(repoDir, '.chat', 'cache')), CHAT_STACK_DIR: test.dir }
  const deadline = clock.monotonic() + (env.CHAT_TEST_LONG === '1' ? longTestsTimeoutMs : testsTimeoutMs)
  let counts = noCounts
  const failures: string[] = []
  const fail = (reason: string) => {
    failures.push(reason)
    say(reason)
    counts = addCounts(counts, { passed: 0, failed: 1, skipped: 0 })
  }
  try {
    let addresses: Addresses = {}
    for (const project of chosen) {
      if (project !== 'unit' && addresses.CHAT_KAFKA_BROKERS === undefined) addresses = await startServers(test, say)
      if (signal.aborted) break
      const { counts: ofProject, failures: inProject } = await runProject(project, {
        repoDir,
        passedOn,
        env: { ...env, ...addresses, ...testEnv },
        reportDir: join(test.dir, 'reports'),
        output: 'inherit',
        processes,
        clock,
        timeoutMs: deadline - clock.monotonic(),
        signal,
        say,
      })
      say(`${project}: ${describeCounts(ofProject)}\n`)
      counts = addCounts(counts, ofProject)
      failures.push(...inProject.map((failure) => `${project}: ${failure}`))
    }
    if (signal.aborted) fail('stopped before the end')
    else if (counts.passed + counts.failed === 0) fail('no test ran')
  } catch (error) {
    fail(reasonOf(error))
  }
  await test.remove({ areLogsKept: counts.failed > 0 }).catch((error) => fail(reasonOf(error)))
  if (failures.length > 0) say(['what failed:', ...failures].join('\n'))
  return counts
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const startServers = async (test: TestStack, say: (line: string) => void): Promise<Addresses> => {
  ensureRequirements([nginx, nginxStream, compose, faketime, tmux], say)
  say('starting a stack for the tests')
  return test.stack.up()
}
