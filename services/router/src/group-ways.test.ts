import type { Deliverable } from '@chat/domain'
import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createGroupWays } from './group-ways.ts'

const settleMs = 30_000

const createWorld = () => {
  const clock = createFakeClock(0)
  const ways = createGroupWays(clock, { largeGroupMembers: 128, largeGroupSettleMs: settleMs })
  const wayOf = (members: number, conversation: string | undefined = 'g1') => {
    const event: Deliverable = {
      ...{ pos: 1, schema: 'message-posted.v1', value: Buffer.alloc(0) },
      audience: new Set(Array.from({ length: members }, (_, index) => index + 1)),
      reach: conversation === undefined ? undefined : { conversation, persons: [] },
    }
    return ways.settle([event])[0]?.way
  }
  return { clock, ways, wayOf }
}

test('from 128 members on connectors hear that a group is large, but it is told to each member up to 256, however long', async () => {
  const { clock, wayOf } = createWorld()
  expect([wayOf(127), wayOf(128), wayOf(256)]).toEqual(['each', 'each_of_large', 'each_of_large'])
  await clock.advance(2 * settleMs)
  expect([wayOf(127), wayOf(128), wayOf(256)]).toEqual(['each', 'each_of_large', 'each_of_large'])
})

test('above 256 it is told to connectors once they had the time to register it', async () => {
  const { clock, wayOf } = createWorld()
  expect(wayOf(257)).toBe('each_of_large')
  await clock.advance(settleMs - 1)
  expect([wayOf(257), wayOf(1_000, 'g2')]).toEqual(['each_of_large', 'each_of_large'])
  await clock.advance(1)
  expect([wayOf(257), wayOf(1_000, 'g2')]).toEqual(['members', 'each_of_large'])
})

test('one that shrank and grew again has to wait again', async () => {
  const { clock, wayOf } = createWorld()
  wayOf(257)
  await clock.advance(settleMs)
  expect([wayOf(256), wayOf(257)]).toEqual(['each_of_large', 'each_of_large'])
  await clock.advance(settleMs)
  expect(wayOf(257)).toBe('members')
})

test('after a restart all have to wait again', async () => {
  const { clock, ways, wayOf } = createWorld()
  wayOf(257)
  await clock.advance(settleMs)
  ways.restart()
  expect(wayOf(257)).toBe('each_of_large')
})

test('what not all members of a group get is told to each', async () => {
  const { clock, ways } = createWorld()
  const event = { pos: 1, schema: 'x', value: Buffer.alloc(0), audience: new Set([1]) }
  expect(ways.settle([event])[0]?.way).toBe('each')
  await clock.advance(settleMs)
})
