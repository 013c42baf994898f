import { expect, test } from 'vitest'
import { createRepeats } from './repeats.ts'

test('an event is new once, in each partition', () => {
  const repeats = createRepeats()
  expect([repeats.isRepeat(0, 7), repeats.isRepeat(0, 7), repeats.isRepeat(1, 7)]).toEqual([false, true, false])
})

test('a late event of a lower position that was never delivered still goes out, once', () => {
  const repeats = createRepeats()
  repeats.isRepeat(0, 100)
  repeats.isRepeat(0, 5000)
  expect([repeats.isRepeat(0, 4000), repeats.isRepeat(0, 4000), repeats.isRepeat(0, 100)]).toEqual([false, true, true])
})

test('what was on the log before anybody was here is taken for delivered', () => {
  const repeats = createRepeats()
  repeats.startAt(new Map([[0, 7]]))
  expect([repeats.isRepeat(0, 6), repeats.isRepeat(0, 7), repeats.isRepeat(1, 6)]).toEqual([true, false, false])
})

test('positions that take over the place of older ones are not taken for them', () => {
  const repeats = createRepeats()
  for (const pos of [10, 65_546, 131_082, 300_000]) expect(repeats.isRepeat(0, pos)).toBe(false)
  expect(repeats.isRepeat(0, 300_000)).toBe(true)
})

test('what is older than the window goes out, because nothing is known of it', () => {
  const repeats = createRepeats()
  repeats.isRepeat(0, 10)
  repeats.isRepeat(0, 100_000)
  expect(repeats.isRepeat(0, 10)).toBe(false)
})
