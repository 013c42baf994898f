import { hintAudience, type Marks, type PartitionState } from '@chat/domain'
import type { EventLog, StoredRecord } from '@chat/event-log'
import { type Backoff, backoffMs, type Clock, isFault, type Logger, type Random, sleep } from '@chat/runtime'
import { decodeReceipt, decodeSignal, type Topic, type Topics } from '@chat/schemas'
import { hintedMembersMax } from '@chat/schemas/protocol'
import type { HintLane } from './lane.ts'

/** The newest receipts that a new owner reads without telling them, so that it tells nothing lower than the one before it. */
export const knownReceiptsMax = 1_000
const faultBackoff: Backoff = { firstMs: 50, maxMs: 2_000 }

interface Ports {
  readonly log: EventLog
  readonly topics: Topics
  readonly lane: HintLane
  readonly marks: Marks
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/**
 * Tails the receipts and signals of a partition from their end, and hands on what members of a small conversation are to be told. It
 * changes no state, and whatever becomes of the two topics, the partition is decided on. Ends when aborted.
 */
export const followHints = async (state: PartitionState, ports: Ports, signal: AbortSignal): Promise<void> => {
  const { topics } = ports
  await Promise.all([
    follow(topics.receipts, knownReceiptsMax, state, ports, signal, receiptTaker(state, ports)),
    follow(topics.signals, 0, state, ports, signal, signalTaker(state, ports)),
  ])
}

/** `isNew`: it came since the tail began. */
type Take = (record: StoredRecord, isNew: boolean) => void

const follow = async (
  topic: Topic,
  behindMax: number,
  { partition }: PartitionState,
  { log, clock, random, logger }: Ports,
  signal: AbortSignal,
  take: Take,
): Promise<void> => {
  for (let attempt = 0; !signal.aborted; attempt++)
    try {
      const end = (await log.ends(topic)).get(partition) ?? 0
      const beginning = behindMax === 0 ? end : ((await log.beginnings(topic)).get(partition) ?? 0)
      const from = Math.max(beginning, end - behindMax)
      for await (const records of log.tail(topic, partition, from, signal)) {
        attempt = 0
        for (const record of records) take(record, record.offset >= end)
      }
    } catch (error) {
      if (signal.aborted) return
      if (!isFault(error)) throw error
      if (attempt === 0) logger.warn({ err: error, topic: topic.name, partition }, 'hints interrupted')
      await sleep(clock, backoffMs(faultBackoff, attempt, random), signal).catch(() => {}) // An abort ends the loop.
    }
}

const receiptTaker =
  (state: PartitionState, { lane, marks }: Ports): Take =>
  ({ headers, value }, isNew) => {
    const decoded = decodeReceipt(headers.schema ?? '', value)
    if (!('record' in decoded)) return // The projector copies it to the dead letters.
    const { conversation, user } = decoded.record
    const mark = marks.advance(decoded.record)
    if (mark === undefined || !isNew) return
    const audience = hintAudience(state.tables.conversations.get(conversation), user, hintedMembersMax)
    if (audience !== undefined) lane.receipt({ conversation, user, ...mark }, audience)
  }

const signalTaker =
  (state: PartitionState, { lane }: Ports): Take =>
  ({ headers, value }) => {
    const decoded = decodeSignal(headers.schema ?? '', value)
    if (!('record' in decoded)) return // Worth nothing a few seconds later.
    const { conversation, user, isTyping } = decoded.record
    const audience = hintAudience(state.tables.conversations.get(conversation), user, hintedMembersMax)
    if (audience === undefined) return
    const others = new Set(audience.keys())
    others.delete(user)
    lane.typing({ conversation, user, isTyping }, others)
  }
