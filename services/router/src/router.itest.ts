import type { EventLog, Share } from '@chat/event-log'
import { openKafkaLog } from '@chat/event-log/kafka'
import { openRedisPresence } from '@chat/presence/redis'
import { createHealth, createMetrics, silentLogger } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { allTopics } from '@chat/schemas'
import { createTestWorld, messageId, postMessage, type TestWorld, waitUntil } from '@chat/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRouter } from './router.ts'
import {
  assertDecidedOnce,
  assertOnceAndDense,
  createWitness,
  encoder,
  groupLimits,
  type Witness,
} from './test-world.ts'

let world: TestWorld
let witness: Witness
let stack: AsyncDisposableStack
const fatal: unknown[] = []

const openLog = async (clientId: string): Promise<EventLog> =>
  stack.use(
    await openKafkaLog({
      brokers: world.stack.kafkaBrokers,
      clientId,
      clock,
      random,
      logger: silentLogger,
      onFatal: (error) => fatal.push(error),
    }),
  )

/** As if the group had told every member that it owns everything: what a frozen process believes when it wakes. */
const believingAllIsOurs = (log: EventLog): EventLog => {
  const all = new Set(Array.from({ length: world.partitions }, (_, partition) => partition))
  const share: Share = { verify: async () => all, leave: async () => ({ hasOthers: false }) }
  return {
    ...log,
    share: async ({ onAssigned }) => {
      queueMicrotask(() => onAssigned(all))
      return share
    },
  }
}

const startRouter = async (clientId: string, wrap = (log: EventLog) => log) => {
  const { redisUrl } = world.stack
  const presence = await openRedisPresence({
    url: redisUrl,
    clock,
    prefix: world.redisPrefix,
    slots: world.slots,
    random,
    logger: silentLogger,
  })
  stack.defer(presence.close)
  const health = createHealth()
  const router = createRouter(
    { logPrefix: world.prefix, firstId: 1, snapshotEvents: 50, directPolicy: 'anyone', ...groupLimits },
    {
      log: wrap(await openLog(clientId)),
      topics: world.topics,
      encoder,
      presence,
      clock,
      random,
      logger: silentLogger,
      health,
      metrics: createMetrics({ withProcess: 'bare' }),
      onFatal: (error) => fatal.push(error),
    },
  )
  stack.defer(router.stop)
  await router.start()
  return { router, health }
}

beforeEach(async () => {
  fatal.length = 0
  stack = new AsyncDisposableStack()
  world = await createTestWorld()
  stack.defer(world.close)
  const log = await openLog('witness')
  await log.ensureTopics(allTopics(world.topics), { replicas: 1 })
  witness = createWitness(log, world.topics)
})

afterEach(() => stack.disposeAsync())

const devices = 8
const perDevice = 60

/** Each device of user 1 writes its messages to a conversation of its own, each naming the one before. */
const sendAll = async (from: number, to: number) => {
  for (let n = from; n <= to; n++)
    await Promise.all(
      Array.from({ length: devices }, (_, index) => {
        const after = n === 1 ? null : messageId(n - 1)
        const { command } = postMessage(1, `d1.${index + 2}`, {
          clientMsgId: messageId(n),
          after,
          request: n * 100 + index,
          replySlot: 0,
          replyEpoch: 5,
        })
        return witness.send(command)
      }),
    )
}

const allEvents = async () => {
  const all = await Promise.all(Array.from({ length: world.partitions }, (_, partition) => witness.events(partition)))
  for (const events of all) assertDecidedOnce(events)
  return all.flat()
}

const expectEverythingOnce = async () => {
  const count = devices * perDevice
  await waitUntil(async () => new Set((await witness.replies(0)).map(({ request }) => request)).size === count, {
    deadlineMs: 40_000,
    what: `${count} commands answered`,
    everyMs: 200,
  })
  const inOrder = Array.from({ length: perDevice }, (_, index) => messageId(index + 1))
  const conversations = assertOnceAndDense(await allEvents())
  expect(conversations.size).toBe(devices)
  for (const ids of conversations.values()) expect(ids).toEqual(inOrder)
  for (const { outcome, seq, request } of await witness.replies(0))
    expect([outcome === 'rejected', seq]).toEqual([false, Math.floor(request / 100)])
  expect(fatal).toEqual([])
}

test('two routers that both believe they own every partition: each command has one effect, in order', async () => {
  await startRouter('a', believingAllIsOurs)
  await startRouter('b', believingAllIsOurs)
  await sendAll(1, perDevice)
  await expectEverythingOnce()
  const records = await Promise.all(
    Array.from({ length: world.partitions }, (_, partition) => witness.eventRecords(partition)),
  )
  expect(records.flat().length).toBeGreaterThan(devices * perDevice + world.partitions) // there was a fight
})

test('two routers share the partitions, and one takes over what the other leaves', async () => {
  const a = await startRouter('a')
  const b = await startRouter('b')
  await waitUntil(() => a.health.isReady() && b.health.isReady(), { deadlineMs: 15_000, what: 'both routers ready' })
  await sendAll(1, perDevice / 2)
  const stopping = a.router.stop()
  await sendAll(perDevice / 2 + 1, perDevice)
  await stopping
  await expectEverythingOnce()
})
