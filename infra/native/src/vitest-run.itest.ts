import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock as clock } from '@chat/runtime/system'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { definedOf } from './environment.ts'
import { createProcesses } from './processes.ts'
import { runProject } from './vitest-run.ts'

/** A repository with one project, `unit`, and whatever files a test puts into it. */
let repoDir: string
beforeEach(() => {
  repoDir = mkdtempSync(join(tmpdir(), 'chat-vitest-'))
  symlinkSync(join(import.meta.dirname, '..', '..', '..', 'node_modules'), join(repoDir, 'node_modules'))
  writeFileSync(join(repoDir, 'package.json'), '{"type":"module"}')
  const projects = [{ test: { name: 'unit', include: ['tests/**'] } }]
  writeFileSync(join(repoDir, 'vitest.config.ts'), `export default ${JSON.stringify({ test: { projects } })}`)
  mkdirSync(join(repoDir, 'tests'))
})
afterEach(() => rmSync(repoDir, { recursive: true }))

const run = () =>
  runProject('unit', {
    repoDir,
    passedOn: [],
    env: definedOf(process.env),
    reportDir: join(repoDir, 'reports'),
    output: 'ignore',
    processes: createProcesses(repoDir, clock),
    clock,
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    say: () => {},
  })

test('a project without any test is a failure', async () => {
  expect(await run()).toEqual({
    counts: { passed: 0, failed: 1, skipped: 0 },
    failures: ['ended with 1, and its report names no failure'],
  })
})

test('a project with tests is counted', async () => {
  const text = `import { expect, test } from 'vitest'
    test('holds', () => expect(1).toBe(1))
    test.skip('waits', () => {})`
  writeFileSync(join(repoDir, 'tests', 'some.test.ts'), text)
  expect(await run()).toEqual({ counts: { passed: 1, failed: 0, skipped: 1 }, failures: [] })
})

test('what failed is told: the file, the test and why, and a file that cannot be loaded', async () => {
  writeFileSync(
    join(repoDir, 'tests', 'some.test.ts'),
    `import { expect, test } from 'vitest'
    test('holds', () => expect(1).toBe(2))`,
  )
  writeFileSync(join(repoDir, 'tests', 'broken.test.ts'), `throw new Error('no such thing')`)
  const { counts, failures } = await run()
  expect(counts).toEqual({ passed: 0, failed: 2, skipped: 0 })
  expect([...failures].sort()).toEqual([
    expect.stringMatching(/tests\/broken\.test\.ts\n {2}.*no such thing/),
    expect.stringMatching(/tests\/some\.test\.ts > holds\n {2}.*expected 1 to be 2/),
  ])
})
