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
    processes: createProcesses(repoDir, clock),
    clock,
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    say: () => {},
  })

test('a project without any test is a failure', async () => {
  expect(await run()).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

test('a project with tests is counted', async () => {
  const text = `import { expect, test } from 'vitest'
    test('holds', () => expect(1).toBe(1))
    test.skip('waits', () => {})`
  writeFileSync(join(repoDir, 'tests', 'some.test.ts'), text)
  expect(await run()).toEqual({ passed: 1, failed: 0, skipped: 1 })
})
