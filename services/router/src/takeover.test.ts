import { applyEvent, createPartitionState } from '@chat/domain'
import type { StoredRecord } from '@chat/event-log'
import type { LogEvent } from '@chat/schemas'
import {
  createGroup,
  joinGroup,
  leaveGroup,
  messageId,
  messagePosted,
  postMessage,
  relationCommand,
  stored,
} from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { createBrokerTime } from './broker-time.ts'
import { againAgeMaxMs, againEventsMax, createTakeover } from './takeover.ts'
import { createWorld, minute, post, userMessages } from './test-routers.ts'
import { assertDecidedOnce, assertOnceAndDense, encoder } from './test-world.ts'
import { wireOf } from './wire.ts'

describe('restart and takeover', () => {
  test('resumes exactly behind the last command whose outcome is in the log', async () => {
    const { witness, started, until } = createWorld()
    const { router } = await started('a')
    for (const n of [1, 2, 3]) await witness.send(post(n))
    // A refusal leaves no id behind: decided once more, it would stand in the log twice.
    await witness.send(post(9, { replyTo: 99 }))
    await until(async () => (await witness.replies(0)).length === 4)
    await router.stop()
    for (const n of [4, 5]) await witness.send(post(n))
    await started('b')
    await until(async () => userMessages(await witness.events(0)).length === 5)
    expect([...assertOnceAndDense(await witness.events(0)).values()]).toEqual([
      [1, 2, 3, 4, 5].map((n) => messageId(n)),
    ])
    assertDecidedOnce(await witness.events(0))
  })

  test('a command that comes late, after the event that refuses it was read, is not decided again', async () => {
    const { witness, store, topics, clock, started, until } = createWorld()
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const oneByOne = async function* (records: AsyncIterable<readonly StoredRecord[]>) {
      for await (const slice of records)
        for (const record of slice) {
          await gates[record.offset]?.promise
          yield [record]
        }
    }
    await started('late', {
      log: (log) => ({
        ...log,
        tail: (topic, ...rest) =>
          topic.kind === 'commands' ? oneByOne(log.tail(topic, ...rest)) : log.tail(topic, ...rest),
      }),
    })
    await started('prompt')
    store.groups.confuse('test.routers')
    await witness.send(post(1))
    await witness.send(post(2, { replyTo: 99 }))
    await until(async () => (await witness.events(0)).length === 3)
    gates[0]?.resolve()
    // It misses, and reads what the other wrote: both commands are done with, and it has had only one.
    await until(async () => store.partition(topics.events, 0).end() > 3)
    await clock.advance(1000)
    gates[1]?.resolve()
    await witness.send(post(3))
    await until(async () => userMessages(await witness.events(0)).length === 2)
    assertDecidedOnce(await witness.events(0))
  })

  test('the new owner delivers again what the old one wrote and may not have told, and answers who asked', async () => {
    let isSilent = true
    const { witness, store, presence, topics, started, lease, until } = createWorld({
      faults: (batch, name) =>
        name === 'a' && isSilent && batch.topic.kind === 'deliveries' ? { copies: 0 } : undefined,
    })
    const one = await started('a')
    const held = await lease()
    await presence.register(held, [1, 2], 0)
    await witness.send(post(1, { replySlot: held.slot, replyEpoch: held.epoch }))
    await witness.send(post(2, { replySlot: held.slot, replyEpoch: held.epoch, replyTo: 99 }))
    await until(async () => (await witness.events(0)).length >= 3)
    expect(await witness.deliveries(held.slot)).toEqual([])
    one.log.kill('lose')
    isSilent = false
    await started('b')
    await until(async () => (await witness.deliveries(held.slot)).length > 0)
    expect(await witness.deliveries(held.slot)).toMatchObject([
      {
        replies: [
          { request: 1, outcome: 'accepted', seq: 1, pos: 1 },
          { request: 2, outcome: 'rejected', code: 'no_such_message' },
        ],
        events: [{ pos: 1, users: [1, 2] }],
      },
    ])
    expect(store.partition(topics.events, 0).end()).toBe(3)
  })

  test('what is older than the time in which clients sync is not delivered again', async () => {
    const { witness, store, clock, started, createOne, until } = createWorld()
    await started('a')
    const other = createOne('b')
    await other.router.start()
    await witness.send(post(1))
    await until(async () => (await witness.replies(0)).length === 1)
    store.groups.rotate('test.routers')
    await witness.send(post(2))
    await until(async () => (await witness.replies(0)).some(({ request }) => request === 2))
    await clock.advance(againAgeMaxMs + 1)
    const before = (await witness.broadcasts()).length
    store.groups.rotate('test.routers') // `a` knows the brokers' clock from its own append, and that post 2 is old by it.
    await witness.send(post(3))
    await until(async () => (await witness.replies(0)).some(({ request }) => request === 3))
    const told = (await witness.broadcasts()).slice(before).flatMap(({ events }) => events)
    expect(told.map(({ pos }) => pos)).toEqual([3])
  })

  test.each([-2, 2])('a new owner whose clock is off by %i hours delivers again all the same', async (hours) => {
    const { witness, clock, presence, started, lease, until } = createWorld()
    const { router } = await started('a')
    await witness.send(post(1))
    await until(async () => (await witness.replies(0)).length === 1)
    await router.stop()
    const held = await lease()
    await presence.register(held, [1, 2], 0)
    await started('b', { clock: { ...clock, now: () => clock.now() + hours * 60 * minute } })
    await until(async () => (await witness.deliveries(held.slot)).length > 0)
    expect((await witness.deliveries(held.slot)).flatMap(({ events }) => events).map(({ pos }) => pos)).toEqual([1])
  })

  test('an event is delivered again to those who are members now and were so then', async () => {
    const { witness, presence, started, lease, until } = createWorld()
    const { router } = await started('a')
    const asking = { replySlot: 0, replyEpoch: 5 }
    const created = createGroup(1, { ...asking, normalisedName: 'tea', members: [2] }).command
    for (const command of [
      created,
      postMessage(1, 'g1', asking).command,
      leaveGroup(2, 'g1', asking).command,
      joinGroup(3, 'g1', asking).command,
    ])
      await witness.send(command, 0)
    await until(async () => (await witness.replies(0)).length === 4)
    expect((await witness.replies(0)).map(({ outcome }) => outcome)).toEqual(Array(4).fill('accepted'))
    await router.stop()
    const held = await lease()
    await presence.register(held, [1, 2, 3], 0)
    await started('b')
    await until(async () => (await witness.deliveries(held.slot)).length > 0)
    const again = (await witness.deliveries(held.slot)).flatMap(({ events }) => events)
    const types = new Map((await witness.events(0)).map(({ pos, type }) => [pos, type]))
    expect(again.map(({ pos, users }) => [types.get(pos), users])).toEqual([
      ['GroupCreated', [1]],
      ['MessagePosted', [1]],
      ['MemberLeft', [1]],
      ['MemberJoined', [1, 3]],
    ])
  })

  test('a block is delivered again to him alone who made it, and a repeat of it is answered', async () => {
    const { witness, presence, started, lease, until } = createWorld()
    const { router } = await started('a')
    const block = relationCommand('BlockUser', 1, 'd1.2', { replySlot: 0, replyEpoch: 5 }).command
    await witness.send(block, 0)
    await until(async () => (await witness.replies(0)).length === 1)
    await router.stop()
    const held = await lease()
    await presence.register(held, [1, 2], 0)
    await started('b')
    await witness.send(block, 0)
    await until(async () => (await witness.replies(0)).some(({ outcome }) => outcome === 'repeated'))
    const again = (await witness.deliveries(held.slot)).flatMap(({ events }) => events)
    expect(again.map(({ schema, users }) => [schema, users])).toEqual([['user-blocked.v1', [1]]])
    expect((await witness.replies(0)).at(-1)).toMatchObject({ conversation: 'd1.2', seq: null, pos: 1 })
  })

  test('resumes at the first command that is left when retention took the others', async () => {
    const { witness, store, topics, started, until } = createWorld()
    for (const n of [1, 2, 3]) await witness.send(post(n))
    store.trim(topics.commands, 0, 2)
    await started('a')
    await until(async () => (await witness.replies(0)).length === 1)
    expect(userMessages(await witness.events(0))).toMatchObject([{ clientMsgId: messageId(3) }])
  })
})

describe('what a new owner tells again', () => {
  const takeoverOf = () => {
    const { clock, topics, store } = createWorld()
    const wire = wireOf(encoder)
    const state = createPartitionState(0, 1, wire)
    const log = store.client()
    const takeover = createTakeover(state, { log, topics, brokerTime: createBrokerTime(clock) })
    const note = (event: LogEvent, cmd: number) => {
      const written = { ...stored(state, event, cmd, wire), schema: '', timestamp: clock.now() }
      applyEvent(state, written, wire)
      takeover.note(written)
    }
    return { takeover, note, log, topics }
  }
  const signal = new AbortController().signal

  test('is at most so many events, the newest', async () => {
    const { takeover, note } = takeoverOf()
    for (let n = 1; n <= 2 * againEventsMax + 10; n++) note(messagePosted(1, 'd1.2', n), n)
    const { events } = await takeover.outcome(signal)
    expect([events.length, events.at(-1)?.pos]).toEqual([againEventsMax, 2 * againEventsMax + 9])
  })

  test('are also the refusals of large batches, however many', async () => {
    const { takeover, note, log, topics } = takeoverOf()
    const count = 200_000
    const { schema, value } = encoder.encode(post(1))
    const records = Array.from({ length: 1000 }, () => ({ key: null, value, headers: { schema } }))
    for (let sent = 0; sent < count; sent += records.length)
      await log.append({ topic: topics.commands, partition: 0, records })
    const rejections = Array.from({ length: count }, (_, cmd) => ({ cmd, code: 'not_member', refused: null }))
    note({ type: 'CommandsRejected', at: 1, rejections }, count - 1)
    const { replies } = await takeover.outcome(signal)
    expect(replies).toHaveLength(10_000)
    expect(replies.at(-1)?.reply).toMatchObject({ outcome: 'rejected', code: 'not_member' })
  })
})
