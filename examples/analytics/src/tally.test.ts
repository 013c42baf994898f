import { expect, test } from 'vitest'
import { counts } from './records.ts'
import { openTally } from './tally.ts'

test('a record counts if and only if it stands where its writer believed', () => {
  expect(counts({ offset: '7', headers: { pos: Buffer.from('7') } })).toBe(true)
  expect(counts({ offset: '8', headers: { pos: Buffer.from('7') } })).toBe(false)
  expect(counts({ offset: '7' })).toBe(false)
})

test('messages and different people are counted by hour', () => {
  const tally = openTally(':memory:', 'chat.events.v1')
  const at = Date.UTC(2031, 0, 1, 9, 59)
  const minute = 60_000
  tally.add(0, 0, 3, [
    { at, user: 1 },
    { at, user: 2 },
    { at: at + minute, user: 1 },
  ])
  tally.add(1, 0, 1, [{ at, user: 1 }])
  expect(tally.hours()).toEqual([
    { hour: '2031-01-01T09:00:00.000Z', messages: 3, users: 2 },
    { hour: '2031-01-01T10:00:00.000Z', messages: 1, users: 1 },
  ])
})

test('what was counted already is not counted again, and a batch counts as a whole or not at all', () => {
  const tally = openTally(':memory:', 'chat.events.v1')
  expect(tally.add(0, 0, 5, [{ at: 0, user: 1 }])).toBe(true)
  expect(tally.add(0, 0, 5, [{ at: 0, user: 1 }])).toBe(false)
  const broken = {
    user: 2,
    get at(): number {
      throw new Error('broken')
    },
  }
  expect(() => tally.add(0, 5, 9, [{ at: 0, user: 2 }, broken])).toThrow('broken')
  expect([tally.next(0), tally.hours()]).toEqual([5, [{ hour: '1970-01-01T00:00:00.000Z', messages: 1, users: 1 }]])
  expect(tally.add(0, 5, 6, [{ at: 0, user: 2 }])).toBe(true)
})
