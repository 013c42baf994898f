import { expect, test } from 'vitest'
import { simulateCut } from './cut.ts'

const seeds = 40
/** On a machine that others use as well, ms. */
const timeoutMs = 300_000

test('a log that is cut behind everybody stops whoever knew what is gone, and is never gone on from', {
  timeout: timeoutMs,
}, async () => {
  let cuts = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const { lost, violations } = await simulateCut(seed)
    if (lost > 0) cuts++
    expect({ seed, violations }).toEqual({ seed, violations: [] })
  }
  expect(cuts).toBeGreaterThan(seeds / 2)
})
