import { expect, test } from 'vitest'
import { modeOf } from './modes.ts'
import { simulate } from './simulate.ts'

/** `npm run simulate` runs as many as one likes. */
const seeds = 500
const replayed = 20
/** On a machine that others use as well, ms. */
const timeoutMs = 600_000

test(`${seeds} seeds: whatever befalls the system, nothing happens that must not, and once healed everything gets done`, {
  timeout: timeoutMs,
}, async () => {
  const red: string[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const result = await simulate({ seed, mode: modeOf(seed) })
    for (const violation of result.violations)
      red.push(`npm run simulate -- --seed ${seed} --mode ${result.mode}: ${violation}`)
  }
  expect(red).toEqual([])
})

test('a seed replays identically, step by step', { timeout: timeoutMs }, async () => {
  for (let seed = 1; seed <= replayed; seed++) {
    const mode = modeOf(seed)
    const first = await simulate({ seed, mode })
    const second = await simulate({ seed, mode })
    expect({ seed, steps: second.steps, print: second.fingerprint() }).toEqual({
      ...{ seed, steps: first.steps, print: first.fingerprint() },
    })
  }
})

test('another seed is another run', async () => {
  const [one, other] = [await simulate({ seed: 1, mode: 'safety' }), await simulate({ seed: 2, mode: 'safety' })]
  expect(one.fingerprint()).not.toBe(other.fingerprint())
})
