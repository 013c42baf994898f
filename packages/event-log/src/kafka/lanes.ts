import { type Backoff, backoffMs, type Clock, Fault, type Logger, type Random } from '@chat/runtime'
import type { Appended, Batch } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { type Link, toFault } from './link.ts'
import {
  createPartitionQueues,
  type PartitionQueue,
  type QueueLimits,
  type QueueSettings,
  requestLimitMsMin,
  type Taken,
} from './partition-queues.ts'
import type { MeasuredRecords } from './record-batch.ts'
import { errorCodes, type ProduceAnswer, produceCall } from './requests.ts'

/** How one kind of topics is appended. `purpose` stands in the client id of its connections. */
export interface LaneSettings extends QueueSettings {
  readonly purpose: string
  readonly acks: -1 | 1
  /** Connections to each broker, the partitions divided among them: a broker works on one request of a connection at a time. */
  readonly lanesPerBroker: number
}

export const laneLimits: QueueLimits = {
  queueBytesMax: 64 * 1024 * 1024,
  queueBatchesMax: 100_000,
  partitionBytesMax: 1024 * 1024,
  requestBytesMax: 8 * 1024 * 1024,
}

/** The broker's own limit on waiting for replicas. */
const produceTimeoutMs = 5000
const leaderBackoff: Backoff = { firstMs: 20, maxMs: 1000 }
/** Between two looks at what waits for a leader, ms. */
const expiryCheckMs = 200

export interface Lanes {
  /** `bytes` is the sum of `measured.bodies`. Sent in order within a partition; what waits for one broker travels in one request. */
  append(batch: Batch, measured: MeasuredRecords, bytes: number): Promise<Appended>
  /** Resolves when nothing waits or is under way. */
  drained(): Promise<void>
}

export interface LanesOptions {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly settings: LaneSettings
  readonly limits: QueueLimits
}

interface Connection {
  readonly link: Link
  readonly number: number
}

/** The lanes of one kind of topics: one request in flight in each, none waits for a timer to fill. */
export const createLanes = (options: LanesOptions): Lanes => {
  const { cluster, clock, settings } = options
  const queues = createPartitionQueues(settings, options.limits, clock)
  /** By lane: leader · lanesPerBroker + partition mod lanesPerBroker. */
  const busy = new Set<number>()
  const links = new Map<number, Connection>()
  let connections = 0
  let isPumpPlanned = false
  let isExpiryPlanned = false

  const plan = () => {
    if (isPumpPlanned || queues.ready().size === 0) return
    isPumpPlanned = true
    // After the caller's own turn: what it appends in a row travels together, at no cost in time.
    queueMicrotask(pump)
  }
  const search = createLeaderSearch(
    options,
    () => queues.wanted(),
    () => {
      queues.find()
      plan()
    },
  )

  const pump = () => {
    isPumpPlanned = false
    queues.expire()
    const byLane = new Map<number, PartitionQueue[]>()
    let isLeaderless = false
    for (const queue of queues.ready()) {
      // The leader is looked up when a batch leaves: a partition changes lane only when nothing of it is in flight.
      const leader = queue.isLost ? undefined : cluster.leaderOf(queue.topic, queue.partition)
      if (leader === undefined) {
        isLeaderless = true
        continue
      }
      const lane = leader * settings.lanesPerBroker + (queue.partition % settings.lanesPerBroker)
      if (busy.has(lane)) continue
      const list = byLane.get(lane)
      if (list === undefined) byLane.set(lane, [queue])
      else list.push(queue)
    }
    if (isLeaderless) waitForLeaders()
    for (const [lane, list] of byLane) void serve(lane, queues.take(list))
  }

  const waitForLeaders = () => {
    search.start()
    if (isExpiryPlanned) return
    isExpiryPlanned = true
    clock.after(expiryCheckMs, () => {
      isExpiryPlanned = false
      plan()
    })
  }

  const serve = async (lane: number, taken: readonly Taken[]) => {
    busy.add(lane)
    const had = { effect: false }
    try {
      const connection = await connect(lane)
      const answered = await request(connection.link, taken, had)
      const answers = new Map(answered.map((answer) => [keyOf(answer), answer]))
      for (const part of taken) conclude(part, answers, connection.number)
    } catch (error) {
      const fault = toFault(error, `append to broker ${leaderOf(lane)} was not answered`)
      for (const part of taken) queues.fail(part, fault, had)
      search.start()
    }
    busy.delete(lane)
    plan()
  }

  const leaderOf = (lane: number): number => Math.floor(lane / settings.lanesPerBroker)

  const connect = async (lane: number): Promise<Connection> => {
    const open = links.get(lane)
    if (open?.link.isOpen()) return open
    const opened = { link: await cluster.open(leaderOf(lane), settings.purpose), number: ++connections }
    links.set(lane, opened)
    return opened
  }

  const request = (link: Link, taken: readonly Taken[], had: { effect: boolean }) => {
    const oldest = Math.min(...taken.map(({ since }) => since))
    const limitMs = Math.max(requestLimitMsMin, settings.deadlineMs - (clock.monotonic() - oldest))
    had.effect = true
    return link.send(
      produceCall(taken, { acks: settings.acks, timeoutMs: produceTimeoutMs, nowMs: clock.now() }),
      limitMs,
    )
  }

  const conclude = (part: Taken, answers: ReadonlyMap<string, ProduceAnswer>, connection: number) => {
    const answer = answers.get(keyOf(part))
    // An answer can leave out a partition that was sent: then nothing is known of it.
    const fault = answer === undefined ? lostFault(part) : faultOf(answer)
    if (answer !== undefined && fault === undefined) {
      search.succeeded()
      queues.acknowledge(part, answer, connection)
    } else if (fault !== undefined) {
      queues.fail(part, fault, { effect: true })
      if (fault.isRetryable) search.start()
    }
  }

  return {
    append: (batch, measured, bytes) => {
      const appended = queues.add(batch, measured, bytes)
      plan()
      return appended
    },
    drained: queues.drained,
  }
}

interface LeaderSearch {
  /** Asks for metadata after a pause that grows with each search in vain. One at a time. */
  start(): void
  /** An append was acknowledged. */
  succeeded(): void
}

const createLeaderSearch = (
  { cluster, clock, random, logger, settings }: LanesOptions,
  wanted: () => readonly string[],
  onFresh: () => void,
): LeaderSearch => {
  let isSearching = false
  let searches = 0
  return {
    start: () => {
      if (isSearching) return
      isSearching = true
      if (searches === 2) logger.warn({ kind: settings.purpose }, 'appends wait for a leader')
      // Even the first one waits: a partition in trouble must not ask all the time while the others go well.
      clock.after(backoffMs(leaderBackoff, searches++, random), async () => {
        await cluster.refresh(wanted()).catch((error: unknown) => {
          logger.debug({ err: error, kind: settings.purpose }, 'no broker answered')
        })
        isSearching = false
        onFresh()
      })
    },
    succeeded: () => {
      searches = 0
    },
  }
}

const tooLarge: ReadonlySet<number> = new Set([errorCodes.messageTooLarge, errorCodes.recordListTooLarge])
/** No second try changes the answer, as for a record without a key in a compacted topic. */
const refused: ReadonlySet<number> = new Set([
  errorCodes.invalidTopic,
  errorCodes.topicAuthorizationFailed,
  errorCodes.invalidRecord,
])

const keyOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`

const lostFault = ({ topic, partition }: Taken): Fault =>
  new Fault('log_unavailable', `no answer for ${topic}/${partition}`)

const faultOf = ({ topic, partition, errorCode, logAppendTime }: ProduceAnswer): Fault | undefined => {
  if (errorCode === errorCodes.none) {
    // Ages of commands are measured by the broker's clock: a topic that keeps the writers' is not one of ours.
    if (logAppendTime >= 0) return undefined
    return new Fault('topic_mismatch', `${topic} does not stamp LogAppendTime`, { isRetryable: false })
  }
  const what = `append to ${topic}/${partition} failed, Kafka error ${errorCode}`
  if (tooLarge.has(errorCode)) return new Fault('record_too_large', what, { isRetryable: false })
  if (refused.has(errorCode)) return new Fault('log_refused', what, { isRetryable: false })
  return new Fault('log_unavailable', what)
}
