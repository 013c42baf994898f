import { expect, test } from 'vitest'
import { localClock, localMinute, span } from './moments.ts'

test.each([
  [-5, '0 s'],
  [999, '0 s'],
  [45_000, '45 s'],
  [60_000, '1 min'],
  [61_000, '1 min 1 s'],
  [3 * 3_600_000 + 12 * 60_000 + 59_000, '3 h 12 min'],
  [49 * 3_600_000, '2 d 1 h'],
])('a span of %i ms is %s', (ms, text) => {
  expect(span(ms)).toBe(text)
})

test('a time is shown to the minute, and what is none does not break a line', () => {
  expect(localMinute(new Date(2026, 10, 9, 6, 1, 59).getTime())).toBe('2026-11-09 06:01')
  expect([localMinute('nonsense'), localClock('nonsense')]).toEqual(['?', '??:??'])
})
