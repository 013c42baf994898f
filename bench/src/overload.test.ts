import type { LoadPhase } from '@chat/testkit'
import { expect, test } from 'vitest'
import { findPeak, normalAfter } from './overload.ts'

const phaseOf = (perSecond: number, seconds: number, capacity: number): LoadPhase => ({
  ...{ seconds, offered: perSecond * seconds, resent: 0, keptBack: 0, refusedMs: [], lateMs: [], bySecond: [] },
  ...{ acceptedAnswerMs: [], refusedAnswerMs: [] },
  acceptedMs: Array.from({ length: Math.min(perSecond, capacity) * seconds }, () => 10),
})

/** What the ramp offered to a load whose steps can do so much, the last of them for ever, and what was done. */
const ramped = async (capacities: readonly number[]) => {
  const offered: number[] = []
  const ramp = await findPeak(
    {
      run: async (perSecond, seconds) => {
        const capacity = capacities[Math.min(offered.length, capacities.length - 1)] ?? 0
        offered.push(perSecond)
        return phaseOf(perSecond, seconds, capacity)
      },
    },
    100,
  )
  return { offered, done: ramp.map(({ goodputPerSecond }) => goodputPerSecond) }
}

test('the ramp goes on until two steps did no more than one before', async () => {
  const { offered, done } = await ramped([200])
  expect(offered).toEqual([100, 130, 169, 220, 286, 371])
  expect(done).toEqual([100, 130, 169, 200, 200, 200])
})

test('steps that did not do what was offered, but more than all before, do not end the ramp', async () => {
  const { done } = await ramped([100, 110, 120, 90, 200, 300])
  expect(done).toEqual([100, 110, 120, 90, 200, 300, 300])
})

const second = (ms: number, refused = 0) => ({ acceptedMs: [ms], refused })

test('it is over with the first of three seconds in which nothing was refused and nobody waited longer than before', () => {
  const bad = [second(50, 1), second(900)]
  expect(normalAfter([...bad, second(250), second(10), second(10)], 150)).toBe(2)
  expect(normalAfter([...bad, second(10), second(10), ...bad, second(10), second(10), second(10)], 1)).toBe(6)
  expect(normalAfter([...bad, second(10), second(10)], 150)).toBeUndefined()
  expect(normalAfter([], 150)).toBeUndefined()
})
