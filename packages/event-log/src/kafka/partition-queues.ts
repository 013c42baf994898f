import { type Clock, Fault } from '@chat/runtime'
import { type Appended, appendRecordsMax, type Batch, type Partition } from '../index.ts'
import type { MeasuredRecords } from './record-batch.ts'
import type { ProduceAnswer, ProducePartition } from './requests.ts'

export interface QueueLimits {
  /** Bytes that may wait or be under way, of one kind. */
  readonly queueBytesMax: number
  /** Batches that may wait or be under way, of one kind. */
  readonly queueBatchesMax: number
  /** Records of one partition in one request: below the topic's `max.message.bytes`. */
  readonly partitionBytesMax: number
  /** All partitions of one request. */
  readonly requestBytesMax: number
}

export interface QueueSettings {
  /** Requests that may have had an effect: waiting for a leader or a connection is none. */
  readonly triesMax: number
  /** An append from call to its last request; that one has what is left for its answer, at least `requestLimitMsMin`. */
  readonly deadlineMs: number
  /**
   * A failed batch fails those that wait behind it in its partition, whatever failed it; one refused for want of room has those that
   * come after it refused, until nothing of the partition waits and there is room again: none overtakes the repetition of the one
   * before it. [G4]
   */
  readonly failsFollowers: boolean
}

/** What every request has for its answer, however long its batches waited: a busy broker must not lose its connection for them. */
export const requestLimitMsMin = 1000

interface Waiting {
  readonly measured: MeasuredRecords
  readonly bytes: number
  readonly enqueuedAt: number
  tries: number
  readonly resolve: (appended: Appended) => void
  readonly reject: (fault: Fault) => void
}

/** What waits for one partition, in order. At most one part of it is in flight. */
export interface PartitionQueue {
  readonly topic: string
  readonly partition: Partition
  readonly waiting: Waiting[]
  isInFlight: boolean
  /** Its last request failed: it waits for fresh metadata. */
  isLost: boolean
}

/** The part of a queue that one request carries. */
export interface Taken extends ProducePartition {
  readonly queue: PartitionQueue
  readonly batches: readonly Waiting[]
  /** When the oldest of its batches came. */
  readonly since: number
}

/** The batches of one kind of topics from append to answer: their order, their bounds, their tries and their ends. */
export interface PartitionQueues {
  add(batch: Batch, measured: MeasuredRecords, bytes: number): Promise<Appended>
  /** Queues that hold batches and have none in flight, the one served longest ago first. */
  ready(): ReadonlySet<PartitionQueue>
  /** Topics that wait for a leader, or whose last request failed. */
  wanted(): readonly string[]
  take(queues: readonly PartitionQueue[]): readonly Taken[]
  acknowledge(part: Taken, answer: ProduceAnswer, connection: number): void
  /** Puts back what may be tried again, fails the rest. */
  fail(part: Taken, fault: Fault, had: { readonly effect: boolean }): void
  /** Metadata is fresh: lost queues may be sent again. */
  find(): void
  /** Fails what waited too long for a leader or a connection. */
  expire(): void
  drained(): Promise<void>
}

export const createPartitionQueues = (settings: QueueSettings, limits: QueueLimits, clock: Clock): PartitionQueues => {
  const queues = new Map<string, PartitionQueue>()
  const ready = new Set<PartitionQueue>()
  /** Queues that refused a batch and take none behind it. */
  const refusing = new Set<PartitionQueue>()
  const onDrained: (() => void)[] = []
  let bytesHeld = 0
  let batchesHeld = 0

  /** Half of the room, so that who was refused has long heard of it when the next is taken. */
  const relent = () => {
    if (bytesHeld > limits.queueBytesMax / 2 || batchesHeld > limits.queueBatchesMax / 2) return
    for (const queue of refusing) if (!queue.isInFlight && queue.waiting.length === 0) refusing.delete(queue)
  }
  const settle = (batch: Waiting) => {
    bytesHeld -= batch.bytes
    batchesHeld--
    relent()
    if (batchesHeld === 0) for (const done of onDrained.splice(0)) done()
  }
  const reject = (batches: readonly Waiting[], fault: Fault) => {
    for (const batch of batches) {
      settle(batch)
      batch.reject(fault)
    }
  }
  const release = (queue: PartitionQueue) => {
    queue.isInFlight = false
    if (queue.waiting.length > 0) ready.add(queue)
    else ready.delete(queue)
    relent()
  }

  const queueOf = ({ topic, partition }: Batch): PartitionQueue => {
    const key = `${topic.name}/${partition}`
    let queue = queues.get(key)
    if (queue === undefined) {
      queue = { topic: topic.name, partition, waiting: [], isInFlight: false, isLost: false }
      queues.set(key, queue)
    }
    return queue
  }

  const add: PartitionQueues['add'] = (batch, measured, bytes) => {
    const queue = queueOf(batch)
    const isFull = bytesHeld + bytes > limits.queueBytesMax || batchesHeld >= limits.queueBatchesMax
    if (isFull || refusing.has(queue)) {
      // Whatever is held is settled one day, and then it relents.
      if (settings.failsFollowers && batchesHeld > 0) refusing.add(queue)
      return Promise.reject(new Fault('log_overloaded', `${batchesHeld} batches wait for the log`))
    }
    bytesHeld += bytes
    batchesHeld++
    const { promise, resolve, reject } = Promise.withResolvers<Appended>()
    queue.waiting.push({ measured, bytes, enqueuedAt: clock.monotonic(), tries: 0, resolve, reject })
    if (!queue.isInFlight) ready.add(queue)
    return promise
  }

  const hasAged = ({ since }: Taken): boolean => clock.monotonic() - since > settings.deadlineMs / 2

  const take: PartitionQueues['take'] = (list) => {
    const taken: Taken[] = []
    let requestBytes = 0
    for (const queue of list) {
      const part = headOf(queue, limits.partitionBytesMax)
      // The oldest sets the limit of a request: what waited long goes by itself, and the others next.
      if (taken[0] !== undefined && hasAged(part) !== hasAged(taken[0])) continue
      if (taken.length > 0 && requestBytes + part.bytes > limits.requestBytesMax) break
      requestBytes += part.bytes
      queue.waiting.splice(0, part.batches.length)
      queue.isInFlight = true
      ready.delete(queue)
      taken.push(part)
    }
    return taken
  }

  const acknowledge: PartitionQueues['acknowledge'] = (
    { queue, batches },
    { baseOffset, logAppendTime },
    connection,
  ) => {
    release(queue)
    let offset = baseOffset
    for (const batch of batches) {
      settle(batch)
      batch.resolve({ baseOffset: offset, timestamp: logAppendTime, connection })
      offset += batch.measured.records.length
    }
  }

  const fail: PartitionQueues['fail'] = ({ queue, batches }, fault, had) => {
    const now = clock.monotonic()
    const mayRepeat = (batch: Waiting): boolean => {
      if (had.effect) batch.tries++
      const isLate = now - batch.enqueuedAt >= settings.deadlineMs - requestLimitMsMin
      return fault.isRetryable && batch.tries < settings.triesMax && !isLate
    }
    const firstLost = batches.map(mayRepeat).indexOf(false)
    const again = firstLost === -1 ? batches : batches.slice(0, firstLost)
    const lost = batches.slice(again.length)
    reject(lost, fault)
    if (lost.length > 0 && settings.failsFollowers) reject(queue.waiting.splice(0), behind(fault))
    queue.waiting.unshift(...again)
    queue.isLost = fault.isRetryable
    release(queue)
  }

  const expire = () => {
    const oldest = clock.monotonic() - settings.deadlineMs
    for (const queue of ready) {
      const isTimely = queue.waiting[0] !== undefined && queue.waiting[0].enqueuedAt > oldest
      if (isTimely) continue
      const first = settings.failsFollowers ? -1 : queue.waiting.findIndex(({ enqueuedAt }) => enqueuedAt > oldest)
      const late = queue.waiting.splice(0, first === -1 ? queue.waiting.length : first)
      release(queue)
      reject(late, new Fault('log_unavailable', `no leader for ${queue.topic}/${queue.partition} in time`))
    }
  }

  return {
    add,
    ready: () => ready,
    wanted: () => {
      const all = [...queues.values()].filter((queue) => queue.waiting.length > 0 || queue.isLost)
      return [...new Set(all.map(({ topic }) => topic))]
    },
    take,
    acknowledge,
    fail,
    find: () => {
      for (const queue of queues.values()) queue.isLost = false
    },
    expire,
    drained: () => (batchesHeld === 0 ? Promise.resolve() : new Promise((resolve) => onDrained.push(resolve))),
  }
}

/** What a batch is told when the one before it failed: nothing final was said of it. */
const behind = (fault: Fault): Fault =>
  fault.isRetryable ? fault : new Fault('log_unavailable', 'the batch before it was refused', { cause: fault })

/** The batches at the front that fit one request; the first always does. */
const headOf = (queue: PartitionQueue, bytesMax: number): Taken => {
  const batches: Waiting[] = []
  let bytes = 0
  let count = 0
  for (const batch of queue.waiting) {
    const isFull = bytes + batch.bytes > bytesMax || count + batch.measured.records.length > appendRecordsMax
    if (batches.length > 0 && isFull) break
    batches.push(batch)
    bytes += batch.bytes
    count += batch.measured.records.length
  }
  const { topic, partition } = queue
  const since = batches[0]?.enqueuedAt ?? 0
  return { queue, batches, since, topic, partition, parts: batches.map(({ measured }) => measured), bytes, count }
}
