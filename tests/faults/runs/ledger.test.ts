import { expect, test } from 'vitest'
import { type LedgerRun, ledgerLine } from './ledger.ts'
import { greenVerdict as verdict } from './test-verdict.ts'

const green: LedgerRun = {
  of: { seed: 7, minutes: 3 },
  brokers: 1,
  faults: 3,
  recoveries: [4_000, 1_000, 12_000].map((ms) => ({ fault: 'router killed (router-1)', ms, budgetMs: 10_000 })),
  verdict,
  failure: undefined,
}
const parsed = (run: LedgerRun) => JSON.parse(ledgerLine({ at: '2026-01-01T00:00:00Z', commit: 'abc', run }))

test('a line of the ledger has the run, its invariants and its recoveries', () => {
  expect(ledgerLine({ at: '', commit: '', run: green }).endsWith('}\n')).toBe(true)
  expect(parsed(green)).toEqual({
    at: '2026-01-01T00:00:00Z',
    commit: 'abc',
    seed: 7,
    minutes: 3,
    brokers: 1,
    faults: 3,
    accepted: 1_000,
    perSecond: 210,
    invariants: { I1: 'ok', I2: 'ok' },
    recoveryMs: { p50: 4_000, p99: 12_000 },
    overBudget: 1,
    failure: null,
  })
})

test('named scenarios stand in it by their names, and a broken invariant as broken', () => {
  const violations = [{ invariant: 'I2', detail: 'shown twice' }] as const
  const run = { ...green, of: { scenarios: ['log-cut'] }, verdict: { ...verdict, violations }, failure: 'the history' }
  expect(parsed(run)).toMatchObject({
    scenarios: ['log-cut'],
    invariants: { I1: 'ok', I2: 'broken' },
    failure: 'the history',
  })
})

test('a run that failed before its verdict has a line all the same', () => {
  const failure = 'Error: no broker came\n    at where it was thrown'
  const line = parsed({ ...green, recoveries: [], verdict: undefined, failure })
  const left = { accepted: null, invariants: {}, recoveryMs: { p50: null }, failure: 'Error: no broker came' }
  expect(line).toMatchObject(left)
})
