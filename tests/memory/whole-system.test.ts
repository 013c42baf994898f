import { expect, test } from 'vitest'
import { ask, enter, join, say } from './people.ts'
import { startWorld } from './world.ts'

test('a whole conversation: register, talk in a group and 1:1 across connectors, leave, come back and sync', async () => {
  const world = await startWorld({ connectors: 2 })
  const ann = await join(world, 'Ann', 0)
  const bob = await join(world, 'Bob', 1)
  const group = await ask(world, ann.client, {
    op: 'group.create',
    ref: 1,
    title: 'lunch',
    visibility: 'private',
    members: [bob.userId],
  })
  const conversation = String(group.conversation)
  const first = await ask(world, ann.client, say(world, 2, { conversation }, 'soup?'))
  expect(first).toMatchObject({ op: 'ok', conversation, seq: 2 })
  await world.until(() => bob.client.pushes('event').length === 2)
  expect(bob.client.pushes('event').map((event) => [event.type, event.seq])).toEqual([
    ['groupCreated', 1],
    ['messagePosted', 2],
  ])
  const direct = await ask(world, bob.client, say(world, 3, { user: ann.userId }, 'yes'))
  expect(direct).toMatchObject({ op: 'ok', seq: 1 })
  await world.until(() => ann.client.pushes('event').some((event) => event.conversation === direct.conversation))

  const synced = await ask(world, bob.client, { op: 'sync', ref: 4 })
  bob.client.close()
  await ask(world, ann.client, say(world, 5, { conversation }, 'at noon'))
  await ask(world, ann.client, { op: 'group.leave', ref: 6, conversation }).then((answer) =>
    expect(answer, 'an owner with members left cannot leave').toMatchObject({ op: 'error', code: 'forbidden' }),
  )
  const back = await enter(world, 'Bob', 0, bob.device)
  const missed = await ask(world, back.client, { op: 'sync', ref: 1, token: synced.token })
  expect(missed).toMatchObject({ op: 'ok', hasMore: false })
  const [missedGroup] = missed.conversations as { id: string; events: { seq: number; data: object }[] }[]
  expect(missedGroup?.id).toBe(conversation)
  expect(missedGroup?.events.map((event) => event.seq)).toEqual([3])
  expect(missedGroup?.events[0]?.data).toMatchObject({ body: { kind: 'text', text: 'at noon' } })
  const left = await ask(world, back.client, { op: 'group.leave', ref: 2, conversation })
  expect(left).toMatchObject({ op: 'ok', seq: 4 })
  await world.stop()
  expect(world.failures).toEqual([])
})

test('a repeated send is answered with the same seq and seen once', async () => {
  const world = await startWorld({ connectors: 2 })
  const ann = await join(world, 'Ann', 0)
  const bob = await join(world, 'Bob', 1)
  const frame = say(world, 1, { user: bob.userId }, 'once')
  const first = await ask(world, ann.client, frame)
  const second = await ask(world, ann.client, { ...frame, ref: 2 })
  expect(second).toMatchObject({ op: 'ok', seq: first.seq, position: first.position, duplicate: true })
  await world.until(() => bob.client.pushes('event').length > 0)
  await world.clock.advance(5_000)
  expect(bob.client.pushes('event')).toHaveLength(1)
  await world.stop()
})
