import type { Presence } from '@chat/presence'
import { repairPartition } from '@chat/router/repair'
import { silentLogger, sleep } from '@chat/runtime'
import { expect, test } from 'vitest'
import { answerTo, ask, connect, enter, join, say } from '../memory/people.ts'
import { type Ground, startWorld } from '../memory/world.ts'
import {
  createGroup,
  encoder,
  fewMembers,
  historyOf,
  onLog,
  partitionIn,
  pushesOf,
  syncedOf,
  textsOf,
  toldToMembers,
} from './scene.ts'

/** G1: an acknowledged message is in the log for ever and in every member's history. */

test('[G1] a message whose first append was lost is acknowledged only when the log has it', async () => {
  const world = await startWorld()
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 0)]
  const conversation = await createGroup(world, ann, 1, [bob])
  let appends = 0
  world.breakAppends(({ topic }) => (topic.kind === 'events' && appends++ === 0 ? { copies: 0 } : undefined))
  expect(await ask(world, ann.client, say(world, 2, { conversation }, 'kept'))).toMatchObject({ op: 'ok', seq: 2 })
  expect(textsOf(await onLog(world, conversation))).toEqual(['kept'])
  for (const person of [ann, bob]) expect(textsOf(await historyOf(world, person, 3, conversation))).toEqual(['kept'])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('[G1] a message that landed behind a stranger’s record does not count, and is appended again before it is acknowledged', async () => {
  const world = await startWorld()
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 0)]
  const conversation = await createGroup(world, ann, 1, [bob])
  const records = [{ key: null, value: Buffer.from('?'), headers: {} }]
  const partition = partitionIn(world, conversation)
  await world.store.client('stranger').append({ topic: world.topics.events, partition, records })
  expect(await ask(world, ann.client, say(world, 2, { conversation }, 'kept'))).toMatchObject({ op: 'ok', seq: 2 })
  expect(textsOf(await onLog(world, conversation))).toEqual(['kept'])
  for (const person of [ann, bob]) expect(textsOf(await historyOf(world, person, 3, conversation))).toEqual(['kept'])
  await world.stop()
})

test('[G1] what stands in the place of a lost command is not acknowledged with what came of that one', async () => {
  const world = await startWorld({ connectors: 0 })
  const door = await startWorld({ ground: world.ground, routers: 0, projectors: 0, firstNumber: 1 })
  const ann = await join(door, 'Ann', 0)
  const conversation = await createGroup(door, ann, 1, [])
  expect(await ask(door, ann.client, say(door, 2, { conversation }, 'kept'))).toMatchObject({ op: 'ok', seq: 2 })
  await world.stop()
  const { store, topics, clock } = world
  const partition = partitionIn(world, conversation)
  store.truncate(topics.commands, partition, store.partition(topics.commands, partition).end() - 1)
  const frame = say(door, 3, { conversation }, 'in its place')
  ann.client.send(frame)
  await startWorld({ ground: world.ground, connectors: 0, firstNumber: 2 })
  expect(await answerTo(door, ann.client, 3)).toMatchObject({ op: 'error', code: 'timeout' })
  expect(textsOf(await onLog(world, conversation))).toEqual(['kept'])
  const ports = { log: store.client('repair'), topics, encoder, clock, logger: silentLogger }
  await repairPartition(partition, ports, { isRebasing: true }, new AbortController().signal)
  await clock.advance(5_000)
  expect(await ask(door, ann.client, { ...frame, ref: 4 })).toMatchObject({ op: 'ok', seq: 3 })
  expect(textsOf(await onLog(world, conversation))).toEqual(['kept', 'in its place'])
})

/** Presence that takes its time before a registration counts. */
const slowToRegister =
  (ms: number) =>
  (ground: Ground): Presence => ({
    ...ground.presence,
    register: async (...args) => {
      await sleep(ground.clock, ms)
      return ground.presence.register(...args)
    },
  })

test('[G1] what is acknowledged while a member logs in reaches him: by his sync or by push', async () => {
  const world = await startWorld({ connectors: 2, presenceOf: slowToRegister(200) })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  await world.until(() => pushesOf(bob, conversation).length === 1)
  const { token } = await ask(world, bob.client, { op: 'sync', ref: 1 })
  bob.client.close()
  await world.clock.advance(5_000)
  const back = await connect(world, 'Bob', 1, { device: bob.device, sync: String(token) })
  await world.clock.advance(100)
  expect(await ask(world, ann.client, say(world, 2, { conversation }, 'hello?'))).toMatchObject({ op: 'ok' })
  const hello = await answerTo(world, back.client, 0)
  await world.clock.advance(5_000)
  expect(textsOf([...syncedOf(hello, conversation), ...pushesOf(back, conversation)])).toEqual(['hello?'])
  await world.stop()
})

test('[G1] a sync right after an acknowledgement holds the message, however far the read models were', async () => {
  const world = await startWorld({ connectors: 2 })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  bob.client.close()
  await world.clock.advance(5_000)
  // The first is projected at once, the second with the batch after it.
  await ask(world, ann.client, say(world, 2, { conversation }, 'first'))
  await ask(world, ann.client, say(world, 3, { conversation }, 'second'))
  const back = await enter(world, 'Bob', 1, bob.device)
  const synced = await ask(world, back.client, { op: 'sync', ref: 1 })
  await world.clock.advance(5_000)
  expect(textsOf([...syncedOf(synced, conversation), ...pushesOf(back, conversation)])).toEqual(['first', 'second'])
  await world.stop()
})

/** Six people at two connectors; the second half is there when their group is made, the first says hello afterwards. */
test('[G1] what is acknowledged in a group that is told to connectors reaches those who were there when it was made, and those who came', async () => {
  const world = await startWorld({ connectors: 3, groupLimits: fewMembers })
  const names = ['Ann', 'Bob', 'Cid', 'Dan', 'Eve', 'Fay']
  const people = await Promise.all(names.map((name, index) => join(world, name, index < 3 ? 0 : 1)))
  const [ann, bob, cid, ...there] = people
  if (ann === undefined || bob === undefined || cid === undefined) throw new Error('nobody came')
  bob.client.close()
  cid.client.close()
  const conversation = await createGroup(world, ann, 1, [bob, cid, ...there])
  await world.clock.advance(1_000)
  const came = [await enter(world, 'Bob', 2, bob.device), await enter(world, 'Cid', 1, cid.device)]
  const said = ['one', 'two', 'three']
  for (const [index, text] of said.entries())
    expect(await ask(world, ann.client, say(world, index + 2, { conversation }, text))).toMatchObject({ op: 'ok' })
  await world.clock.advance(5_000)
  expect([...(await toldToMembers(world, conversation))]).toEqual([2, 3, 4])
  for (const person of [ann, ...there, ...came]) expect(textsOf(pushesOf(person, conversation))).toEqual(said)
  await world.stop()
  expect(world.failures).toEqual([])
})
