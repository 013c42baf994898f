import { Fault, silentLogger } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect } from 'vitest'
import type { NewRecord } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { createLanes, type LaneSettings, laneLimits } from './lanes.ts'
import type { Link } from './link.ts'
import type { ProtocolCall } from './patches.ts'
import { readRecordBatches, recordBytes } from './record-batch.ts'
import type { ProduceAnswer } from './requests.ts'
import { ByteReader } from './wire.ts'

const topic: Topic = { name: 'chat.commands.v1', kind: 'commands', partitions: 8 }

interface SentPartition {
  readonly partition: number
  readonly texts: readonly string[]
}

interface Request {
  readonly node: number
  readonly acks: number
  /** How long the broker may wait for replicas. */
  readonly brokerLimitMs: number
  readonly limitMs: number
  readonly partitions: readonly SentPartition[]
  readonly answer: (answers: readonly ProduceAnswer[]) => void
  readonly fail: (error: Error) => void
}

/** Reads a produce request back: the topic, then each partition with its one record batch. */
const decode = (bytes: Buffer) => {
  const reader = new ByteReader(bytes, 2)
  const acks = reader.int16()
  const brokerLimitMs = reader.int32()
  const partitions: SentPartition[] = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    reader.text()
    for (let count = reader.int32(); count > 0; count--) {
      const partition = reader.int32()
      const size = reader.int32()
      const batches = readRecordBatches(bytes.subarray(reader.at, reader.at + size))
      reader.at += size
      expect(batches).toHaveLength(1)
      partitions.push({ partition, texts: batches.flatMap(({ records }) => records.map(({ value }) => String(value))) })
    }
  }
  return { acks, brokerLimitMs, partitions }
}

export const ok = ({ partition }: SentPartition, baseOffset = 100 * partition): ProduceAnswer => ({
  topic: topic.name,
  partition,
  errorCode: 0,
  baseOffset,
  logAppendTime: 77,
})

/** Those of kinds that may be repeated, with followers that may not overtake. */
const repeatable: LaneSettings = {
  purpose: 'others',
  acks: -1,
  lanesPerBroker: 1,
  triesMax: 2,
  deadlineMs: 5000,
  failsFollowers: true,
}

/** Two brokers that answer when the test says so. */
export const brokersOf = () => {
  const clock = createFakeClock(0)
  const leaders = new Map(Array.from({ length: 8 }, (_, partition) => [partition, 1 + (partition % 2)]))
  const requests: Request[] = []
  const opened: number[] = []
  const away = new Set<number>()
  let refreshes = 0
  const link = (nodeId: number): Link => {
    let isOpen = true
    return {
      nodeId,
      address: { host: 'h', port: 1 },
      isOpen: () => isOpen,
      send: async <T>(call: ProtocolCall<T>, limitMs: number): Promise<T> => {
        const { acks, brokerLimitMs, partitions } = decode((await call.request.encode()).buffer)
        const { promise, resolve, reject } = Promise.withResolvers<readonly ProduceAnswer[]>()
        const fail = (error: Error) => {
          isOpen = false
          reject(error)
        }
        requests.push({ node: nodeId, acks, brokerLimitMs, limitMs, partitions, answer: resolve, fail })
        return (await promise) as T
      },
      run: () => Promise.reject(new Error('not used')),
      destroy: () => {
        isOpen = false
      },
    }
  }
  const cluster: Cluster = {
    leaderOf: (_, partition) => leaders.get(partition),
    epochOf: () => 3,
    partitionsOf: () => 8,
    checkPartitions: () => {},
    refresh: async () => {
      refreshes++
    },
    open: async (nodeId) => {
      if (away.has(nodeId)) throw new Fault('log_unavailable', 'refused')
      opened.push(nodeId)
      return link(nodeId)
    },
    openCoordinator: () => Promise.reject(new Error('not used')),
    close: () => {},
  }
  const request = (index: number): Request => {
    const found = requests[index]
    if (found === undefined) throw new Error(`${requests.length} requests were sent`)
    return found
  }
  return { clock, cluster, leaders, requests, request, opened, away, refreshes: () => refreshes }
}

/** Lanes to them. */
export const lanesOf = (settings: Partial<LaneSettings> = {}, limits = {}) => {
  const brokers = brokersOf()
  const { cluster, clock } = brokers
  const lanes = createLanes({
    cluster,
    clock,
    random: createSeededRandom(1),
    logger: silentLogger,
    settings: { ...repeatable, ...settings },
    limits: { ...laneLimits, ...limits },
  })
  const append = (partition: number, ...texts: readonly string[]) => {
    const records: NewRecord[] = texts.map((text) => ({ key: null, value: Buffer.from(text), headers: {} }))
    const bodies = records.map(recordBytes)
    const bytes = bodies.reduce((sum, each) => sum + each, 0)
    const result: { state: string; baseOffset?: number; timestamp?: number; connection?: number; cause?: unknown } = {
      state: 'waits',
    }
    lanes.append({ topic, partition, records }, { records, bodies }, bytes).then(
      (appended) => Object.assign(result, { state: 'appended' }, appended),
      (error) => Object.assign(result, { state: error.code, cause: error.cause }),
    )
    return result
  }
  return { ...brokers, lanes, append }
}
