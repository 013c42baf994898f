import { decodeSignal, partitionOfConversation, type Signal } from '@chat/schemas'
import { groupCreated, memberMuted } from '@chat/testkit'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld } from '../test-world.ts'
import { refusalToType } from './signals.ts'

const seconds = 1_000
const free = { isClosed: false, isBanned: false, isBlocked: false }
const member = { ...free, role: 'member' } as const

const createWorld = async () => {
  const { world, connector } = await createReadyWorld()
  await world.post(2, 'd1.2', 'hi')
  const ann = await connect(world, connector, 1)
  let ref = 0
  const type = (isTyping: boolean, conversation = 'd1.2') =>
    ask(world, ann, { op: 'typing', ref: ++ref, conversation, isTyping })
  /** All signals on the log. */
  const sent = async (): Promise<readonly Signal[]> => {
    const { log, topics } = world
    const found: Signal[] = []
    for (const [partition, end] of await log.ends(topics.signals))
      for await (const records of log.read(topics.signals, partition, 0, end, new AbortController().signal))
        for (const { headers, value } of records) {
          const decoded = decodeSignal(headers.schema ?? '', value)
          if ('record' in decoded) found.push(decoded.record)
        }
    return found
  }
  return { world, connector, ann, type, sent }
}

test('typing becomes a signal of its conversation', async () => {
  const { world, type, sent } = await createWorld()
  expect(await type(true)).toMatchObject({ op: 'ok' })
  await world.clock.advance(seconds)
  expect(await sent()).toEqual([{ type: 'Typing', conversation: 'd1.2', user: 1, isTyping: true }])
})

test('the same again is sent once in two seconds, a change within a quarter of a second', async () => {
  const { world, type, sent } = await createWorld()
  for (let i = 0; i < 10; i++) await type(true)
  await world.clock.advance(seconds)
  await type(true)
  await world.clock.advance(seconds)
  expect(await sent()).toHaveLength(1)
  await world.clock.advance(seconds)
  await type(true)
  await world.clock.advance(seconds)
  for (const isTyping of [false, true, false]) await type(isTyping)
  await world.clock.advance(seconds)
  expect((await sent()).map(({ isTyping }) => isTyping)).toEqual([true, true, false])
})

test('who is no member, or asks for what he cannot see, sends nothing', async () => {
  const { world, type, sent } = await createWorld()
  expect(await type(true, 'd2.3')).toMatchObject({ op: 'error', code: 'no_such_conversation' })
  expect(await type(true, 'g77')).toMatchObject({ op: 'error', code: 'no_such_conversation' })
  await world.clock.advance(seconds)
  expect(await sent()).toEqual([])
})

test('a log that takes no signals is no fault of anybody', async () => {
  const { world, connector, ann, type } = await createWorld()
  world.store.truncate(world.topics.signals, 0, 0)
  expect(await type(true)).toMatchObject({ op: 'ok' })
  await world.clock.advance(seconds)
  expect(connector.fatal).toEqual([])
  expect(ann.closedWith).toBeUndefined()
})

test.each<[string, Parameters<typeof refusalToType>[0], string | undefined]>([
  ['a conversation that is not there for him', undefined, 'no_such_conversation'],
  ['a closed group, whoever he is', { ...free, isClosed: true, isBanned: true }, 'forbidden'],
  ['a group that he is banned from', { ...free, isBanned: true }, 'banned'],
  ['a group that he is not in', free, 'not_member'],
  ['a pair of which one blocks the other', { ...member, isBlocked: true }, 'blocked'],
  ['a group where he is muted', { ...member, mutedUntil: 101 }, 'muted'],
  ['a group where he was muted', { ...member, mutedUntil: 100 }, undefined],
  ['a group that he is in', member, undefined],
])('in %s', (_, seat, ought) => expect(refusalToType(seat, 100)).toBe(ought))

test('whoever is muted sends nothing, and is looked up again once he may', async () => {
  const { world, type, sent } = await createWorld()
  const partition = partitionOfConversation('g9', 4) ?? 0
  await world.append(partition, groupCreated(9, 2, [1]))
  const at = world.clock.now()
  await world.append(partition, { ...memberMuted(2, 'g9', 2, 1, at + 5 * seconds), at })
  expect(await type(true, 'g9')).toMatchObject({ op: 'error', code: 'muted' })
  await world.clock.advance(5 * seconds)
  expect(await type(true, 'g9')).toMatchObject({ op: 'ok' })
  await world.clock.advance(seconds)
  expect(await sent()).toHaveLength(1)
})
