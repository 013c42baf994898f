import { messageId } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { againAgeMaxMs } from './takeover.ts'
import { createWorld, post, userMessages } from './test-routers.ts'
import { assertOnceAndDense } from './test-world.ts'

describe('restart and takeover', () => {
  test('resumes exactly behind the last command whose outcome is in the log', async () => {
    const { witness, started, until } = createWorld()
    const { router } = await started('a')
    for (const n of [1, 2, 3]) await witness.send(post(n))
    await until(async () => (await witness.replies(0)).length === 3)
    await router.stop()
    for (const n of [4, 5]) await witness.send(post(n))
    await started('b')
    await until(async () => userMessages(await witness.events(0)).length === 5)
    expect([...assertOnceAndDense(await witness.events(0)).values()]).toEqual([
      [1, 2, 3, 4, 5].map((n) => messageId(n)),
    ])
  })

  test('the new owner delivers again what the old one wrote and may not have told, and answers who asked', async () => {
    let isSilent = true
    const { witness, store, presence, topics, started, lease, until } = createWorld({
      faults: (batch, name) =>
        name === 'a' && isSilent && batch.topic.kind === 'deliveries' ? { copies: 0 } : undefined,
    })
    const one = await started('a')
    const held = await lease()
    await presence.register(held, [1, 2])
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
    const { witness, clock, presence, started, lease, until } = createWorld()
    const { router } = await started('a')
    await witness.send(post(1))
    await until(async () => (await witness.replies(0)).length === 1)
    await router.stop()
    await clock.advance(againAgeMaxMs + 1)
    const held = await lease()
    await presence.register(held, [1, 2])
    await started('b')
    await witness.send(post(2))
    await until(async () => (await witness.replies(0)).length === 2)
    expect((await witness.deliveries(held.slot)).flatMap(({ events }) => events).map(({ pos }) => pos)).toEqual([2])
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
