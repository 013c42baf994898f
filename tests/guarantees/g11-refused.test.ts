import { expect, test } from 'vitest'
import { ask, join, say } from '../memory/people.ts'
import { startWorld } from '../memory/world.ts'
import {
  commandOf,
  createGroup,
  eventsOnLog,
  historyOf,
  onLog,
  partitionIn,
  sendPastConnectors,
  textsOf,
} from './scene.ts'

/** G11: a refused command has no effect and says why. */

test('[G11] a refusal stands in the log when it is told, even when its first append was lost', async () => {
  const world = await startWorld()
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 0)]
  const conversation = await createGroup(world, ann, 1, [], { name: 'lunch', visibility: 'public', joinPolicy: 'open' })
  let appends = 0
  world.breakAppends(({ topic }) => (topic.kind === 'events' && appends++ === 0 ? { copies: 0 } : undefined))
  const answer = await ask(world, bob.client, say(world, 1, { conversation }, 'let me in'))
  expect(answer).toMatchObject({ op: 'error', code: 'not_member', retry: 'never' })
  const events = await eventsOnLog(world, partitionIn(world, conversation))
  const refusals = events.flatMap((event) => (event.type === 'CommandsRejected' ? event.rejections : []))
  expect(refusals.map(({ code }) => code)).toEqual(['not_member'])
  expect(textsOf(await historyOf(world, ann, 2, conversation))).toEqual([])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('[G11] a refused command stays refused whoever owns the partition next, and the message is not there later', async () => {
  const world = await startWorld()
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 0)]
  const conversation = await createGroup(world, ann, 1, [], { name: 'lunch', visibility: 'public', joinPolicy: 'open' })
  await ask(world, bob.client, say(world, 1, { conversation }, 'refused'))
  const next = await startWorld({ ground: world.ground, connectors: 0, projectors: 0, firstNumber: 1 })
  await world.run(Promise.all(world.routers.map(({ service }) => service.stop())))
  expect(await ask(world, bob.client, { op: 'group.join', ref: 2, conversation })).toMatchObject({ op: 'ok', seq: 2 })
  expect(await ask(world, bob.client, say(world, 3, { conversation }, 'accepted'))).toMatchObject({ op: 'ok', seq: 3 })
  expect(textsOf(await onLog(world, conversation))).toEqual(['accepted'])
  const events = await eventsOnLog(world, partitionIn(world, conversation))
  expect(events.flatMap((event) => (event.type === 'CommandsRejected' ? event.rejections : []))).toHaveLength(1)
  await world.stop()
  await next.stop()
})

test.each(['whoever refused it', 'the next owner of the partition'])(
  '[G11] a command that lands once more after it was refused, when its sender may write, is refused by %s',
  async (by) => {
    const world = await startWorld()
    const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 0)]
    const conversation = await createGroup(world, ann, 1, [], {
      name: 'lunch',
      visibility: 'public',
      joinPolicy: 'open',
    })
    const partition = partitionIn(world, conversation)
    const late = commandOf(world, bob, conversation, 'late')
    const first = { ...say(world, 1, { conversation }, 'late'), clientMsgId: late.clientMsgId }
    expect(await ask(world, bob.client, first)).toMatchObject({ op: 'error', code: 'not_member', retry: 'never' })
    const next =
      by === 'whoever refused it'
        ? undefined
        : await startWorld({ ground: world.ground, connectors: 0, projectors: 0, firstNumber: 1 })
    if (next !== undefined) await world.run(Promise.all(world.routers.map(({ service }) => service.stop())))
    expect(await ask(world, bob.client, { op: 'group.join', ref: 2, conversation })).toMatchObject({ op: 'ok', seq: 2 })
    await sendPastConnectors(world, late)
    expect(await ask(world, bob.client, say(world, 3, { conversation }, 'new'))).toMatchObject({ op: 'ok', seq: 3 })
    expect(textsOf(await onLog(world, conversation))).toEqual(['new'])
    const events = await eventsOnLog(world, partition)
    const refusals = events.flatMap((event) => (event.type === 'CommandsRejected' ? event.rejections : []))
    expect(refusals.map(({ code }) => code)).toEqual(['not_member', 'not_member'])
    expect(textsOf(await historyOf(world, bob, 4, conversation))).toEqual(['new'])
    await world.stop()
    await next?.stop()
    expect(world.failures).toEqual([])
  },
)

test('[G11] a command that is found too large only after it was tried leaves no trace in what follows', async () => {
  const world = await startWorld()
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  // Both are decided in one batch: the partition is busy with the first while the others arrive.
  world.breakAppends(({ topic }) => (topic.kind === 'events' ? { answersAfterMs: 200 } : undefined))
  ann.client.send(say(world, 2, { conversation }, 'before'))
  await world.clock.advance(50)
  await sendPastConnectors(world, commandOf(world, ann, conversation, Buffer.alloc(700_000, 'a')))
  ann.client.send(say(world, 3, { conversation }, 'after'))
  await world.until(() => [2, 3].every((ref) => ann.client.answers(ref).length > 0))
  expect([2, 3].flatMap((ref) => ann.client.answers(ref).map(({ op, seq }) => [op, seq]))).toEqual([
    ['ok', 2],
    ['ok', 3],
  ])
  expect((await onLog(world, conversation)).map(({ seq, text }) => [seq, text])).toEqual([
    [1, undefined],
    [2, 'before'],
    [3, 'after'],
  ])
  await world.stop()
})
