import type { AddressedReply, Deliverable } from '@chat/domain'
import { type AppendFaults, createMemoryStore } from '@chat/event-log/memory'
import { createMetrics, silentLogger } from '@chat/runtime'
import { createTopics } from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { batchesUnderWayMax, createFanOut, deliveryBytesMax } from './fan-out.ts'
import { createGroupWays } from './group-ways.ts'
import type { Locator } from './locator.ts'
import { createRouterMetrics } from './metrics.ts'
import { createWitness, encoder, groupLimits } from './test-world.ts'

const create = (
  faults: AppendFaults,
  locate: Locator['locate'] = async () => ({ locations: new Map(), groups: new Map() }),
) => {
  const clock = createFakeClock(0)
  const topics = createTopics({ prefix: 'test.', partitions: 1, slots: 2 })
  const log = createMemoryStore({ clock, faults }).client()
  const fatal: unknown[] = []
  const fanOut = createFanOut({
    partition: 0,
    log,
    topics,
    encoder,
    locator: { locate },
    ways: createGroupWays(clock, groupLimits),
    clock,
    random: createSeededRandom(1),
    logger: silentLogger,
    metrics: createRouterMetrics(createMetrics({ withProcess: 'bare' })),
    onFatal: (error) => fatal.push(error),
  })
  return { clock, fanOut, fatal, witness: createWitness(log, topics) }
}

const reply = (request: number, slot = 0): AddressedReply => ({
  slot,
  epoch: 1,
  reply: { request, outcome: 'accepted', code: '', conversation: null, seq: null, pos: 1, at: 1, id: null },
})
const event = (pos: number, bytes: number, ...users: number[]): Deliverable => ({
  pos,
  schema: 'message-posted.v1',
  value: Buffer.alloc(bytes),
  audience: new Set(users),
})

test(`deciding waits while ${batchesUnderWayMax} batches are under way, and not before`, async () => {
  const { clock, fanOut, witness } = create(() => ({ answersAfterMs: 100 }))
  let pushed = 0
  for (let request = 1; request <= batchesUnderWayMax; request++)
    void fanOut.push({ replies: [reply(request)], events: [] }).then(() => pushed++)
  await clock.settle()
  expect(pushed).toBe(batchesUnderWayMax - 1)
  await clock.advance(100)
  expect(pushed).toBe(batchesUnderWayMax)
  await fanOut.drained()
  expect((await witness.replies(0)).map(({ request }) => request)).toEqual([1, 2, 3, 4])
})

test('a delivery that failed is tried again, then given up without stopping the others', async () => {
  let fails = 2
  const { clock, fanOut, fatal, witness } = create(() => (fails-- > 0 ? { copies: 0 } : undefined))
  await fanOut.push({ replies: [reply(1)], events: [] })
  await clock.advance(5000)
  expect(await witness.replies(0)).toHaveLength(1)
  fails = 1000
  await fanOut.push({ replies: [reply(2)], events: [] })
  await clock.advance(5000)
  await fanOut.drained()
  fails = 0
  await fanOut.push({ replies: [reply(3)], events: [] })
  await fanOut.drained()
  expect((await witness.replies(0)).map(({ request }) => request)).toEqual([1, 3])
  expect(fatal).toEqual([])
})

test('a large delivery is split into records that a broker takes, in order', async () => {
  const here = { locations: new Map([[1, [{ slot: 0, epoch: 1 }]]]), groups: new Map() }
  const { fanOut, witness } = create(
    () => undefined,
    async () => here,
  )
  const events = [1, 2, 3].map((pos) => event(pos, deliveryBytesMax * 0.6, 1))
  await fanOut.push({ replies: [reply(1)], events })
  await fanOut.drained()
  const deliveries = await witness.deliveries(0)
  expect(deliveries.map((delivery) => delivery.events.map(({ pos }) => pos))).toEqual([[1], [2], [3]])
  expect(deliveries.map(({ replies }) => replies.length)).toEqual([1, 0, 0])
})

test('a reply to a slot that this world does not have goes nowhere', async () => {
  const { fanOut, fatal } = create(() => undefined)
  await fanOut.push({ replies: [reply(1, 99), reply(2, -1)], events: [] })
  await fanOut.drained()
  expect(fatal).toEqual([])
})

/** A group of 300 of whom 1 is connected at slot 1; it is registered at slot 0. */
const createLargeGroup = async (faults: AppendFaults = () => undefined) => {
  const asked: { readonly users: number; readonly groups: number }[] = []
  const world = create(faults, async (users, groups = new Set()) => {
    asked.push({ users: users.size, groups: groups.size })
    return {
      locations: users.has(1) ? new Map([[1, [{ slot: 1, epoch: 1 }]]]) : new Map(),
      groups: new Map([...groups].map((group) => [group, [{ slot: 0, epoch: 1 }]])),
    }
  })
  const audience = new Set(Array.from({ length: 300 }, (_, index) => index + 1))
  let pos = 0
  const tell = async (...persons: number[]) => {
    const reach = { conversation: 'g1', persons }
    const told: Deliverable = { ...event(++pos, 10), audience, reach }
    await world.fanOut.push({ replies: [], events: [told] })
    await world.clock.advance(5_000)
    return asked.at(-1)
  }
  await tell()
  await world.clock.advance(groupLimits.largeGroupSettleMs)
  return { ...world, tell }
}

test('a large group is looked up itself, and told to those who registered it and to whom the event is about', async () => {
  const { tell, witness } = await createLargeGroup()
  expect([await tell(), await tell(1)]).toEqual([
    { users: 0, groups: 1 },
    { users: 1, groups: 1 },
  ])
  const toldAt = async (slot: number) =>
    (await witness.deliveries(slot)).flatMap(({ events }) =>
      events.map(({ pos, users, isLarge, toMembers }) => ({ pos, users, isLarge, toMembers })),
    )
  const toMembers = (pos: number, ...users: number[]) => ({ pos, users, isLarge: true, toMembers: true })
  expect(await toldAt(0)).toEqual([toMembers(2), toMembers(3)])
  expect(await toldAt(1)).toEqual([{ ...toMembers(1, 1), toMembers: false }, toMembers(3, 1)])
})

test('after a delivery that was given up, and of what another owner wrote, each member is told again', async () => {
  let isBroken = false
  const { tell, fanOut, clock } = await createLargeGroup(() => (isBroken ? { copies: 0 } : undefined))
  expect(await tell()).toEqual({ users: 0, groups: 1 })
  isBroken = true
  await tell()
  isBroken = false
  expect(await tell()).toEqual({ users: 300, groups: 0 })
  await clock.advance(groupLimits.largeGroupSettleMs)
  expect(await tell()).toEqual({ users: 0, groups: 1 })
  await fanOut.pushAgain({ replies: [], events: [] })
  expect(await tell()).toEqual({ users: 300, groups: 0 })
})
