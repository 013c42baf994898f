import { expect, test } from 'vitest'
import { type DirectResult, isSound } from './direct.ts'

const summary = { count: 1, p50: 1, p95: 1, p99: 1, max: 1 }
const sound: DirectResult = {
  ...{ offered: 1, offeredPerSecond: 1, acknowledgedPerSecond: 1 },
  ...{ acknowledgementMs: summary, receiptMs: summary },
  ...{ unanswered: 0, refused: {}, refusedBefore: 0, lost: 0, doubled: 0, reordered: 0 },
}

test('a run in which every message was acknowledged and received once, in order, is sound', () => {
  expect(isSound(sound)).toBe(true)
})

test.each([{ unanswered: 1 }, { refused: { overloaded: 1 } }, { lost: 1 }, { doubled: 1 }, { reordered: 1 }])(
  'a run with %j is not',
  (flaw) => {
    expect(isSound({ ...sound, ...flaw })).toBe(false)
  },
)
