import type { LoadPhase } from '@chat/testkit'
import { expect, test } from 'vitest'
import { findPeak, normalAfter } from './overload.ts'

const phaseOf = (perSecond: number, seconds: number, capacity: number): LoadPhase => ({
  ...{ seconds, offered: perSecond * seconds, resent: 0, keptBack: 0, refusedMs: [], lateMs: [], bySecond: [] },
  ...{ acceptedAnswerMs: [], refusedAnswerMs: [] },
  acceptedMs: Array.from({ length: Math.min(perSecond, capacity) * seconds }, () => 10),
})

test('the ramp goes on until two steps did not do what was offered', async () => {
  const offered: number[] = []
  const ramp = await findPeak(
    {
      run: async (perSecond, seconds) => {
        offered.push(perSecond)
        return phaseOf(perSecond, seconds, 200)
      },
    },
    100,
  )
  expect(offered).toEqual([100, 130, 169, 220, 286, 371])
  expect(ramp.map(({ goodputPerSecond }) => goodputPerSecond)).toEqual([100, 130, 169, 200, 200, 200])
})

const second = (ms: number, refused = 0) => ({ acceptedMs: [ms], refused })

test('it is over with the first of three seconds in which nothing was refused and nobody waited longer than before', () => {
  const bad = [second(50, 1), second(900)]
  expect(normalAfter([...bad, second(250), second(10), second(10)], 150)).toBe(2)
  expect(normalAfter([...bad, second(10), second(10), ...bad, second(10), second(10), second(10)], 1)).toBe(6)
  expect(normalAfter([...bad, second(10), second(10)], 150)).toBeUndefined()
  expect(normalAfter([], 150)).toBeUndefined()
})
