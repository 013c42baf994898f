import { differencesOf } from '@chat/read-models/memory'
import { expect, test } from 'vitest'
import { ask, enter, join, say } from '../memory/people.ts'
import { startWorld, withoutReadModels } from '../memory/world.ts'
import { createGroup, historyOf, projected, textsOf } from './scene.ts'

/** G10: losing every read model loses nothing but accounts' secrets: the rest is folded from the log again. */

test('[G10] a projector that finds the read models empty gives back every row, and service goes on', async () => {
  const world = await startWorld({ connectors: 2 })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  for (let ref = 2; ref < 12; ref++) await ask(world, ann.client, say(world, ref, { conversation }, `${ref}`))
  await ask(world, bob.client, say(world, 1, { user: ann.userId }, 'and between us'))
  await projected(world)
  expect(await ask(world, bob.client, { op: 'read', ref: 2, conversation, seq: 9 })).toMatchObject({ op: 'ok' })
  await world.clock.advance(5_000)
  const before = world.readModels.dump()
  await world.stop()

  const ground = withoutReadModels(world.ground)
  expect(ground.readModels.dump().users).toEqual([])
  const rebuilt = await startWorld({ ground, connectors: 2, firstNumber: 2 })
  await rebuilt.clock.advance(5_000)
  expect(before.receipts.map(({ read_seq: seq }) => seq)).toEqual([9])
  expect(differencesOf(before, rebuilt.readModels.dump())).toEqual([])
  const back = await enter(rebuilt, 'Bob', 1, bob.device)
  expect(await ask(rebuilt, back.client, say(rebuilt, 1, { conversation }, 'and on'))).toMatchObject({
    op: 'ok',
    seq: 12,
  })
  expect(textsOf(await historyOf(rebuilt, back, 2, conversation))).toHaveLength(11)
  await rebuilt.stop()
  expect([...world.failures, ...rebuilt.failures]).toEqual([])
})
