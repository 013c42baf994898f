import { expect, test } from 'vitest'
import { countsOf, describeCounts, parseTestArgs } from './test-plan.ts'

test('runs every project in order when none is chosen, and passes filters on', () => {
  expect(parseTestArgs(['packages/domain', '-t', 'mute'])).toEqual({
    projects: ['unit', 'integration', 'process'],
    passedOn: ['packages/domain', '-t', 'mute'],
  })
})

test('runs the chosen projects only', () => {
  expect(parseTestArgs(['--project', 'process', '--project=unit', 'a.test.ts'])).toEqual({
    projects: ['unit', 'process'],
    passedOn: ['a.test.ts'],
  })
  expect(() => parseTestArgs(['--project', 'units'])).toThrow('they are unit integration process')
})

const file = (status: string, ...tests: readonly string[]) => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
})

test('sums passed, failed and skipped tests of all files', () => {
  const report = { testResults: [file('passed', 'passed', 'skipped', 'todo'), file('failed', 'passed', 'failed')] }
  expect(describeCounts(countsOf(report, 1))).toBe('2 passed, 1 failed, 2 skipped')
})

test('counts a file that cannot be loaded as a failure', () => {
  expect(countsOf({ testResults: [file('passed', 'passed'), file('failed')] }, 1).failed).toBe(1)
})

test('counts a run that ended badly as a failure even when no test failed or no report came', () => {
  expect(countsOf({ testResults: [file('passed', 'passed')] }, 1).failed).toBe(1)
  expect(countsOf(undefined, null)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})
