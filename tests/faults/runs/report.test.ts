import { expect, test } from 'vitest'
import type { Verdict } from '../arena/arena.ts'
import { isGreen, recoveryRow, verdictLine, violationLines } from './report.ts'
import { greenVerdict as verdict } from './test-verdict.ts'

const recoveries = [4_000, 1_000, 12_000].map((ms) => ({ fault: 'router killed (router-1)', ms, budgetMs: 10_000 }))

test('a recovery is told against its budget', () => {
  const rows = recoveries.map(recoveryRow)
  expect(rows[0]).toMatch(/router killed \(router-1\) +4\.0 s of 10\.0 s$/)
  expect(rows[2]).toContain('12.0 s of 10.0 s  OVER THE BUDGET')
})

test('a violation, a refusal and a run that did nothing are red', () => {
  expect(isGreen(verdict)).toBe(true)
  expect(isGreen({ ...verdict, violations: [{ invariant: 'I2', detail: 'shown twice' }] })).toBe(false)
  expect(isGreen({ ...verdict, refused: new Map([['internal', 1]]) })).toBe(false)
  expect(isGreen({ ...verdict, accepted: 0 })).toBe(false)
})

test('one line says what was accepted, refused, fell and broke', () => {
  const bad: Verdict = {
    ...verdict,
    refused: new Map([['too_late', 2]]),
    violations: [{ invariant: 'I2', detail: 'shown twice' }],
    falls: ['router-1 × 1'],
  }
  expect(verdictLine(bad)).toBe(
    '1000 messages accepted, 210/s, 2 refused too_late, ended by themselves: router-1 × 1; checked: I1 I2 BROKEN',
  )
})

test('an invariant that is broken a hundred times hides no other', () => {
  const lost = Array.from({ length: 100 }, (_, index) => ({ invariant: 'I1', detail: `lost ${index}` }) as const)
  const lines = violationLines({ ...verdict, violations: [...lost, { invariant: 'I12', detail: 'grown' }] })
  expect(lines.length).toBeLessThan(20)
  expect([lines[0], lines.at(-1)]).toEqual(['  I1: lost 0', '  I12: grown'])
})
