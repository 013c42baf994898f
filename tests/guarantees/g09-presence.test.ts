import type { Presence } from '@chat/presence'
import { sleep } from '@chat/runtime'
import { directConversation } from '@chat/schemas'
import { expect, test } from 'vitest'
import { ask, join, say } from '../memory/people.ts'
import { type Ground, startWorld } from '../memory/world.ts'
import { createGroup, historyOf, onLog, pushesOf, textsOf } from './scene.ts'

/** G9: losing all of Redis loses nothing. */

test('[G9] a message sent just after everything in presence was lost reaches a member on another connector', async () => {
  const world = await startWorld({ connectors: 2 })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  // The router never asked presence for anybody before: it has nothing to compare with.
  world.presence.wipe()
  const conversation = directConversation(ann.userId, bob.userId)
  ann.client.send(say(world, 1, { conversation }, 'still there?'))
  await world.until(async () => textsOf(await onLog(world, conversation)).length === 1)
  await world.clock.advance(5_000)
  expect(textsOf(pushesOf(bob, conversation))).toEqual(['still there?'])
  expect(textsOf(await historyOf(world, bob, 2, conversation))).toEqual(['still there?'])
  await world.stop()
  expect(world.failures).toEqual([])
})

/** Presence that takes its time before a registration counts, once told to. */
const slowToRegister =
  (delay: { ms: number }) =>
  (ground: Ground): Presence => ({
    ...ground.presence,
    register: async (...args) => {
      if (delay.ms > 0) await sleep(ground.clock, delay.ms)
      return ground.presence.register(...args)
    },
  })

test('[G9] while presence is filled again, messages reach those whom it does not know yet', async () => {
  const delay = { ms: 0 }
  const world = await startWorld({ connectors: 2, presenceOf: slowToRegister(delay) })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  await ask(world, ann.client, say(world, 2, { conversation }, 'before'))
  delay.ms = 5_000
  world.presence.wipe()
  await world.clock.advance(3_000) // The connectors have leases again, nobody is registered.
  expect((await world.presence.connectors()).length).toBe(2)
  await ask(world, ann.client, say(world, 3, { conversation }, 'meanwhile'))
  await world.clock.advance(1_000)
  expect(textsOf(pushesOf(bob, conversation))).toEqual(['before', 'meanwhile'])
  await world.stop()
})

test.each([
  ['', 0],
  [', also where other connectors took the slots meanwhile', 2],
])('[G9] after presence was lost everybody is found again, and told to sync%s', async (_, taken) => {
  const world = await startWorld({ connectors: 2 })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  world.presence.wipe()
  await world.clock.advance(10)
  const another = { id: 'another', socketUrl: 'ws://another', connections: 0, capacity: 1, isReady: true }
  for (let slot = 0; slot < taken; slot++) await world.presence.lease(another)
  await world.clock.advance(30_000)
  const found = await world.presence.lookup([ann.userId, bob.userId])
  expect([...found.locations.keys()].toSorted()).toEqual([ann.userId, bob.userId].toSorted())
  await ask(world, ann.client, say(world, 2, { conversation }, 'found'))
  await world.clock.advance(1_000)
  expect(textsOf(pushesOf(bob, conversation))).toEqual(['found'])
  for (const { client } of [ann, bob]) expect([client.isOpen, client.pushes('resync').length]).toEqual([true, 1])
  await world.stop()
})
