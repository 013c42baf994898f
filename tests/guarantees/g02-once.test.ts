import type { Presence } from '@chat/presence'
import { sleep } from '@chat/runtime'
import { expect, test } from 'vitest'
import { answerTo, ask, connect, enter, join, say } from '../memory/people.ts'
import { createGround, type Ground, startWorld } from '../memory/world.ts'
import { createGroup, historyOf, onLog, pushesOf, syncedOf, textsOf } from './scene.ts'

/** G2: each message is shown once. */

test('[G2] a message that is sent again, because its answer was lost, gets the same place and is shown once', async () => {
  const world = await startWorld({ connectors: 2 })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  const frame = say(world, 2, { conversation }, 'once')
  ann.client.send(frame)
  await world.until(() => pushesOf(bob, conversation).length === 2)
  ann.client.close()
  const back = await enter(world, 'Ann', 1, ann.device)
  expect(await ask(world, back.client, frame)).toMatchObject({ op: 'ok', seq: 2, duplicate: true })
  await world.clock.advance(5_000)
  expect(textsOf(pushesOf(bob, conversation))).toEqual(['once'])
  expect(textsOf(await historyOf(world, bob, 3, conversation))).toEqual(['once'])
  expect(textsOf(await onLog(world, conversation))).toEqual(['once'])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('[G2] a delivery that arrives twice is pushed once', async () => {
  const world = await startWorld()
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 0)]
  const conversation = await createGroup(world, ann, 1, [bob])
  world.breakAppends(({ topic }) => (topic.kind === 'deliveries' ? { copies: 2 } : undefined))
  expect(await ask(world, ann.client, say(world, 2, { conversation }, 'once'))).toMatchObject({ op: 'ok' })
  await world.clock.advance(5_000)
  for (const person of [ann, bob]) expect(textsOf(pushesOf(person, conversation))).toEqual(['once'])
  await world.stop()
})

/** Presence whose answer to a registration is late: pushes come already, the login goes on only then. */
const lateToAnswer =
  (ms: number) =>
  (ground: Ground): Presence => ({
    ...ground.presence,
    register: async (...args) => {
      const order = await ground.presence.register(...args)
      await sleep(ground.clock, ms)
      return order
    },
  })

test('[G2] what is pushed during a login and is in its sync too is shown once', async () => {
  const world = await startWorld({ connectors: 2, presenceOf: lateToAnswer(200) })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  await world.until(() => pushesOf(bob, conversation).length === 1)
  const { token } = await ask(world, bob.client, { op: 'sync', ref: 1 })
  bob.client.close()
  await world.clock.advance(5_000)
  const back = await connect(world, 'Bob', 1, { device: bob.device, sync: String(token) })
  await world.clock.advance(100)
  await ask(world, ann.client, say(world, 2, { conversation }, 'once'))
  const hello = await answerTo(world, back.client, 0)
  await world.clock.advance(5_000)
  expect(textsOf([...syncedOf(hello, conversation), ...pushesOf(back, conversation)])).toEqual(['once'])
  await world.stop()
})

/** Read models that look only after a while, once it is known how far they must have come. */
const lateToSync = (ground: Ground, ms: number): Ground => ({
  ...ground,
  readModels: {
    ...ground.readModels,
    sync: async (query) => {
      await sleep(ground.clock, ms)
      return ground.readModels.sync(query)
    },
  },
})

test('[G2] what is pushed while a sync is read, and is in it although it is newer than it must be, is shown once', async () => {
  const world = await startWorld({ connectors: 2, ground: lateToSync(createGround(), 1_000) })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  await world.until(() => pushesOf(bob, conversation).length === 1)
  const { token } = await ask(world, bob.client, { op: 'sync', ref: 1 })
  bob.client.send({ op: 'sync', ref: 2, token: String(token) })
  await world.clock.advance(300)
  await ask(world, ann.client, say(world, 2, { conversation }, 'once'))
  const synced = syncedOf(await answerTo(world, bob.client, 2), conversation)
  await world.clock.advance(5_000)
  expect(textsOf(synced)).toEqual(['once'])
  expect(textsOf(pushesOf(bob, conversation))).toEqual([])
  await world.stop()
})

/** Ids of one device and conversation that the domain keeps. */
const keptIdsMax = 128

test('[G2] a message too old to be told apart is refused, never accepted twice', async () => {
  const world = await startWorld()
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  const frames = Array.from({ length: keptIdsMax + 1 }, (_, index) =>
    say(world, index + 2, { conversation }, `${index}`),
  )
  for (const frame of frames) expect(await ask(world, ann.client, frame)).toMatchObject({ op: 'ok' })
  const again = { ...say(world, 200, { conversation }, '0'), clientMsgId: frames[0]?.clientMsgId }
  expect(await ask(world, ann.client, again)).toMatchObject({ op: 'error', code: 'too_late' })
  expect(textsOf(await onLog(world, conversation))).toEqual(frames.map(({ body }) => body.text))
  await world.stop()
})
