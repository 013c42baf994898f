import { expect, test } from 'vitest'
import { ask, enter, join, say } from '../memory/people.ts'
import { startWorld } from '../memory/world.ts'
import {
  createGroup,
  eventsOnLog,
  historyOf,
  onLog,
  partitionIn,
  projected,
  pushesOf,
  textsOf,
  validCount,
} from './scene.ts'

/** G8: no zombie (router, connector, projector) has an effect. */

test('[G8] of two routers that decide the same commands only one has an effect, command by command', async () => {
  const world = await startWorld({ connectors: 2, routers: 2 })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  world.store.groups.confuse('m.routers')
  const texts = Array.from({ length: 10 }, (_, index) => `message ${index}`)
  for (const [index, text] of texts.entries())
    expect(await ask(world, ann.client, say(world, index + 2, { conversation }, text))).toMatchObject({
      op: 'ok',
      seq: index + 2,
    })
  world.store.groups.heal('m.routers')
  await ask(world, bob.client, say(world, 1, { conversation }, 'after'))
  expect(textsOf(await onLog(world, conversation))).toEqual([...texts, 'after'])
  expect(textsOf(await historyOf(world, bob, 2, conversation))).toEqual([...texts, 'after'])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('[G8] a batch that a zombie router wrote where others had written is valid to nobody', async () => {
  const world = await startWorld()
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  const partition = partitionIn(world, conversation)
  let appends = 0
  // The first append is slow on its way and told to have failed: it lands when its place is taken.
  const late = { landsAfterMs: 10_000, answer: 'early' } as const
  world.breakAppends(({ topic }) => (topic.kind === 'events' && appends++ === 0 ? late : undefined))
  expect(await ask(world, ann.client, say(world, 2, { conversation }, 'once'))).toMatchObject({ op: 'ok', seq: 2 })
  await world.clock.advance(15_000)
  expect(await ask(world, ann.client, say(world, 3, { conversation }, 'next'))).toMatchObject({ op: 'ok', seq: 3 })
  expect(await validCount(world, partition)).toBe((await eventsOnLog(world, partition)).length)
  expect(textsOf(await historyOf(world, ann, 4, conversation))).toEqual(['once', 'next'])
  await world.stop()
})

test('[G8] what was meant for a connector that is gone has no effect on the one that has its slot now', async () => {
  const world = await startWorld()
  const helper = await startWorld({ ground: world.ground, routers: 0, projectors: 0, firstNumber: 1 })
  const ann = await join(helper, 'Ann', 0)
  const conversation = await createGroup(helper, ann, 1, [])
  await projected(world)
  ann.client.close()
  const first = await enter(world, 'Ann', 0, ann.device)
  world.breakAppends(({ topic }) => (topic.kind === 'deliveries' ? { landsAfterMs: 20_000 } : undefined))
  first.client.send(say(world, 1, { conversation }, 'one')) // The first command of that connector.
  await world.until(async () => textsOf(await onLog(world, conversation)).length === 1)
  await world.run(Promise.all(world.connectors.map(({ service }) => service.stop())))
  const next = await startWorld({ ground: world.ground, routers: 0, projectors: 0, firstNumber: 2 })
  const back = await enter(next, 'Ann', 0, ann.device)
  const neverThere = { copies: 0, answersAfterMs: 25_000 } as const
  world.breakAppends(({ topic }) => (topic.kind === 'commands' ? neverThere : undefined))
  back.client.send(say(world, 1, { conversation }, 'two')) // The first command of this one: the replies have one number.
  await world.clock.advance(24_000)
  expect(back.client.answers(1)).toEqual([])
  expect(pushesOf(back, conversation)).toEqual([])
  expect(textsOf(await onLog(world, conversation))).toEqual(['one'])
  await next.stop()
  await helper.stop()
  await world.stop()
})

test('[G8] a projector that was overtaken writes nothing', async () => {
  const world = await startWorld({ projectors: 2 })
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  world.store.groups.confuse('m.projectors')
  await world.clock.advance(1_000)
  for (let ref = 2; ref < 12; ref++) await ask(world, ann.client, say(world, ref, { conversation }, `${ref}`))
  await projected(world)
  await world.clock.advance(5_000)
  expect(world.readModels.dump().parked).toEqual([])
  expect(world.readModels.dump().conversations.map(({ messages }) => messages)).toEqual([10])
  await world.stop()
})
