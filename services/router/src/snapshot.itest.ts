import type { EventLog } from '@chat/event-log'
import { openKafkaLog } from '@chat/event-log/kafka'
import { openPostgresLog } from '@chat/event-log/postgres'
import { silentLogger } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { allTopics } from '@chat/schemas'
import { createGroup, createTestWorld, messageId, postMessage, type TestWorld } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createBrokerTime } from './broker-time.ts'
import { readToEnd } from './event-reader.ts'
import { readSnapshot } from './snapshot-reader.ts'
import { writeDump } from './snapshot-writer.ts'
import { createHistory, emptyState } from './test-history.ts'
import { encoder } from './test-world.ts'
import { wireOf } from './wire.ts'

const onFatal = (error: unknown) => expect.unreachable(String(error))
const kafka = ({ stack }: TestWorld): Promise<EventLog> =>
  openKafkaLog({ brokers: stack.kafkaBrokers, clientId: 'test', clock, random, logger: silentLogger, onFatal })
const postgres = ({ databaseUrl: url, topics }: TestWorld): Promise<EventLog> =>
  openPostgresLog({ url, topics, clock, logger: silentLogger, onFatal })

const posts = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => {
    const n = from + index
    return postMessage(1, `d1.${2 + (n % 2000)}`, { clientMsgId: messageId(n) })
  })

test.each([
  ['kafka', kafka],
  ['postgres', postgres],
])(
  'on %s, a snapshot of many parts, its delta and the events behind it give the state of all events, also after a restart',
  async (_name, open) => {
    await using stack = new AsyncDisposableStack()
    const world = await createTestWorld()
    stack.defer(world.close)
    const { topics } = world
    const writing = await open(world)
    stack.defer(() => writing.close())
    await writing.ensureTopics(allTopics(topics), { replicas: 1 })
    const { signal } = new AbortController()
    const partition = 1
    const history = await createHistory(writing, topics, partition)
    const portsOf = (log: EventLog) => ({
      log,
      topics,
      encoder,
      wire: wireOf(encoder),
      clock,
      random,
      logger: silentLogger,
    })

    await history.add([createGroup(1, { members: [2, 3] }), ...posts(0, 3000)])
    const full = await writeDump(history.state, undefined, portsOf(writing), signal)
    expect(full.parts).toBeGreaterThan(2)
    await history.add(posts(3000, 3500))
    const delta = await writeDump(history.state, full.place, portsOf(writing), signal)
    await history.add(posts(3500, 3600))
    await writing.close()

    const log = await open(world)
    stack.defer(() => log.close())
    const readOn = async (state: ReturnType<typeof emptyState>) => {
      const ports = { ...portsOf(log), events: topics.events, brokerTime: createBrokerTime(clock) }
      await readToEnd(state, ports, signal, () => {})
      return state
    }
    const found = await readSnapshot(partition, portsOf(log), signal)
    expect(found?.chain.map(({ begun }) => begun.lastPos)).toEqual([full.place.pos, delta.place.pos])
    const replayed = await readOn(emptyState(topics, partition))
    expect(await readOn(found?.state ?? emptyState(topics, partition))).toEqual(replayed)
    expect(replayed).toEqual(history.state)
  },
)
