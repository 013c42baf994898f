import { foldLog } from '@chat/projector/fold'
import { differencesOf } from '@chat/read-models/memory'
import { expect, test } from 'vitest'
import { ask, join, say } from '../memory/people.ts'
import { startWorld, type World, withoutReadModels } from '../memory/world.ts'
import { createGroup, forgeEvent, messageOf, partitionIn, projected } from './scene.ts'

/** G7: read models equal the fold of the log. */

/** Rows that differ from a fold of the whole log from its beginning. */
const differencesFromFold = async (world: World): Promise<readonly string[]> => {
  const { readModels } = withoutReadModels(world.ground)
  await foldLog(world.store.client('fold'), world.topics, readModels.projection)
  return differencesOf(world.readModels.dump(), readModels.dump())
}

test('[G7] two projectors that both believe they own every partition leave the rows that one fold gives', async () => {
  const world = await startWorld({ connectors: 2, projectors: 2 })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  world.store.groups.confuse('m.projectors')
  await world.clock.advance(1_000)
  for (let ref = 2; ref < 12; ref++) await ask(world, ann.client, say(world, ref, { conversation }, `${ref}`))
  await projected(world)
  await ask(world, bob.client, { op: 'read', ref: 1, conversation, seq: 7 })
  await ask(world, bob.client, { op: 'group.leave', ref: 2, conversation })
  await projected(world)
  await world.clock.advance(5_000)
  expect(await differencesFromFold(world)).toEqual([])
  expect(world.readModels.dump().parked).toEqual([])
  expect(world.readModels.dump().events_read).toHaveLength(12)
  await world.stop()
  expect(world.failures).toEqual([])
})

test('[G7] a projector does not go on over a log that was cut behind what it projected', async () => {
  const world = await startWorld({ projectors: 0 })
  const projecting = await startWorld({ ground: world.ground, routers: 0, connectors: 0 })
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  const partition = partitionIn(world, conversation)
  await ask(world, ann.client, say(world, 2, { conversation }, 'gone with the disk'))
  await projected(world)
  await projecting.stop()
  await world.stop()
  const end = (await world.store.client('witness').ends(world.topics.events)).get(partition) ?? 0
  world.store.truncate(world.topics.events, partition, end - 1)
  // As many records as before, but another one at the end.
  const records = [{ key: null, value: null, headers: {} }]
  await world.store.client('stranger').append({ topic: world.topics.events, partition, records })
  const restarted = await startWorld({ ground: world.ground, routers: 0, connectors: 0 })
  await restarted.clock.advance(5_000)
  const reasons = restarted.projectors.flatMap(({ health }) => Object.values(health.reasons()))
  expect(reasons).toEqual([expect.stringContaining('log_cut')])
  await restarted.stop()
})

test('[G7] an event that is not linked to what lies before it is never projected', async () => {
  const world = await startWorld()
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  const event = messageOf(world, ann, conversation, 2, 'of another history')
  await forgeEvent(world, partitionIn(world, conversation), event, '0123456789abcdef')
  await world.clock.advance(5_000)
  expect(world.readModels.dump().events_read.map(({ type }) => type)).toEqual(['groupCreated'])
  expect(world.projectors.map(({ health }) => health.isReady())).toEqual([false])
  await world.stop()
})
