import { expect, test } from 'vitest'
import { ask, enter, join, type Person, say } from '../memory/people.ts'
import { startWorld, type World, withoutReadModels } from '../memory/world.ts'
import { createGroup, projected, type Shown, syncedOf, textsOf } from './scene.ts'

/** G6: a device away for 30 days gets everything it missed, or an explicit reset. */

const thirtyDaysMs = 30 * 24 * 60 * 60 * 1000

/** Two members of a group, one of whom synced, left and missed a message; then everything was down for 30 days. */
const awayForThirtyDays = async () => {
  const world = await startWorld({ connectors: 2 })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  await ask(world, ann.client, say(world, 2, { conversation }, 'seen'))
  await projected(world)
  const { token } = await ask(world, bob.client, { op: 'sync', ref: 1 })
  const annToken = (await ask(world, ann.client, { op: 'sync', ref: 3 })).token
  bob.client.close()
  await ask(world, ann.client, say(world, 4, { conversation }, 'missed'))
  await world.stop()
  await world.clock.advance(thirtyDaysMs)
  return { ground: world.ground, ann, bob, conversation, token, annToken }
}

test('[G6] a device that was away for 30 days is given exactly what it missed', async () => {
  const { ground, ann, bob, conversation, token } = await awayForThirtyDays()
  const world = await startWorld({ ground, connectors: 2, firstNumber: 2 })
  const annBack = await enter(world, 'Ann', 0, ann.device)
  await ask(world, annBack.client, say(world, 1, { conversation }, 'missed too'))
  const back = await enter(world, 'Bob', 1, bob.device)
  const answer = await ask(world, back.client, { op: 'sync', ref: 1, token })
  expect(answer).toMatchObject({ op: 'ok', hasMore: false })
  expect(answer.reset).toBeUndefined()
  expect(textsOf(syncedOf(answer, conversation))).toEqual(['missed', 'missed too'])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('[G6] a token from before the read models were made anew is reset, with everything', async () => {
  const { ground, bob, conversation, token } = await awayForThirtyDays()
  const world = await startWorld({ ground: withoutReadModels(ground), connectors: 2, firstNumber: 2 })
  await projected(world)
  const back = await enter(world, 'Bob', 1, bob.device)
  const answer = await ask(world, back.client, { op: 'sync', ref: 1, token })
  expect(answer).toMatchObject({ op: 'ok', reset: true })
  expect(textsOf(syncedOf(answer, conversation))).toEqual(['seen', 'missed'])
  await world.stop()
})

test('[G6] the token of somebody else is reset, with everything', async () => {
  const { ground, bob, conversation, annToken } = await awayForThirtyDays()
  const world = await startWorld({ ground, connectors: 2, firstNumber: 2 })
  const back = await enter(world, 'Bob', 1, bob.device)
  const answer = await ask(world, back.client, { op: 'sync', ref: 1, token: annToken })
  expect(answer).toMatchObject({ op: 'ok', reset: true })
  expect(textsOf(syncedOf(answer, conversation))).toEqual(['seen', 'missed'])
  await world.stop()
})

/** Walks over all pages and says what was given of one conversation. */
const walkOn = async (world: World, person: Person, from: unknown, conversation: string): Promise<readonly Shown[]> => {
  const found: Shown[] = []
  let token = from
  for (let ref = 1000; ; ref++) {
    const answer = await ask(world, person.client, { op: 'sync', ref, token })
    found.push(...syncedOf(answer, conversation))
    token = answer.token
    if (answer.hasMore !== true) return found
  }
}

test('[G6] a conversation that moves ahead of a walk over many pages is not passed over', async () => {
  const world = await startWorld()
  const ann = await join(world, 'Ann', 0)
  const oldest = await createGroup(world, ann, 1, [])
  await ask(world, ann.client, say(world, 2, { conversation: oldest }, 'old'))
  for (let ref = 3; ref < 56; ref++) {
    await world.clock.advance(10)
    await createGroup(world, ann, ref, [])
  }
  await projected(world)
  const first = await ask(world, ann.client, { op: 'sync', ref: 100 })
  expect([first.hasMore, syncedOf(first, oldest)]).toEqual([true, []])
  await ask(world, ann.client, say(world, 101, { conversation: oldest }, 'new'))
  await projected(world)
  expect(textsOf(await walkOn(world, ann, first.token, oldest))).toEqual(['old', 'new'])
  await world.stop()
})
