import { createFakeClock, createSeededRandom, testSeeds } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import type { Rules } from './stamped-fold.ts'
import { type Outcome, runWorld, soundRules } from './stamped-world.ts'

const seedsInCi = 1000
/** For a busy machine: it usually takes seconds, ms. */
const seedsWithinMs = 180_000
/** A planted bug must show within so many seeds. */
const seedsPerBug = 50

const runSeed = (seed: number, rules: Rules, cuts: 'cuts' | 'no_cuts'): Promise<Outcome> =>
  runWorld(createFakeClock(0), createSeededRandom(seed), rules, cuts)

const failing = async (rules: Rules, cuts: 'cuts' | 'no_cuts', seeds: readonly number[]) => {
  const outcomes: Outcome[] = []
  for (const seed of seeds) {
    const outcome = await runSeed(seed, rules, cuts)
    outcomes.push(outcome)
    if (outcome.violations.length > 0)
      return { outcomes, failure: `CHAT_TEST_SEED=${seed}: ${outcome.violations.join('\n')}` }
  }
  return { outcomes, failure: undefined }
}

const sum = (outcomes: readonly Outcome[], field: 'alarms' | 'validRecords' | 'invalidRecords'): number =>
  outcomes.reduce((total, outcome) => total + outcome[field], 0)

describe('position-stamped append', () => {
  test(
    'three writers that all believe they own a partition give each command one effect, in order, whatever the log does to them',
    async () => {
      const seeds = testSeeds(seedsInCi)
      const { outcomes, failure } = await failing(soundRules, 'no_cuts', seeds)
      expect(failure).toBeUndefined()
      expect(sum(outcomes, 'invalidRecords')).toBeGreaterThan(5 * seeds.length) // They did fight.
    },
    seedsWithinMs,
  )

  test(
    'a cut log is noticed by everybody who read beyond the cut, by its chain, before anything on top of it is acknowledged',
    async () => {
      const seeds = testSeeds(seedsInCi)
      const { outcomes, failure } = await failing(soundRules, 'cuts', seeds)
      expect(failure).toBeUndefined()
      expect(sum(outcomes, 'alarms')).toBeGreaterThan(seeds.length)
    },
    seedsWithinMs,
  )

  test('the same seed gives the same life', async () => {
    expect(await runSeed(7, soundRules, 'no_cuts')).toEqual(await runSeed(7, soundRules, 'no_cuts'))
    expect(await runSeed(7, soundRules, 'cuts')).toEqual(await runSeed(7, soundRules, 'cuts'))
  })
})

describe('position-stamped append with a planted bug', () => {
  const bugs: readonly (readonly [string, Partial<Rules>, 'cuts' | 'no_cuts'])[] = [
    ['every record counts', { isValid: () => true }, 'no_cuts'],
    [
      'a record counts wherever it was meant to stand or later',
      {
        isValid: (record) => Number(record.headers.pos) <= record.offset,
      },
      'no_cuts',
    ],
    ['commands go on one too early', { resumeAfter: (cmd) => cmd }, 'no_cuts'],
    ['commands go on one too late', { resumeAfter: (cmd) => cmd + 2 }, 'no_cuts'],
    ['any answer counts as committed', { isCommitted: () => true }, 'no_cuts'],
    ['a later place counts as committed', { isCommitted: (base, expected) => base >= expected }, 'no_cuts'],
    ['after a miss the batch is stamped anew without reading', { afterMiss: 'stamp_anew' }, 'no_cuts'],
    ['an append over another connection is believed', { comparesConnection: false }, 'cuts'],
    ['the chain is not compared', { comparesChain: false }, 'cuts'],
  ]
  for (const [name, bug, cuts] of bugs)
    test(`it shows when ${name}`, async () => {
      const seeds = Array.from({ length: seedsPerBug }, (_, seed) => seed)
      const { failure } = await failing({ ...soundRules, ...bug }, cuts, seeds)
      expect(failure).toMatch(/^CHAT_TEST_SEED=\d+: /)
    })
})
