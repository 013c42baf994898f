import { appendRecordsMax, type EventLog, type NewRecord } from '@chat/event-log'
import type { ReadModels } from '@chat/read-models'
import { assert, type Clock } from '@chat/runtime'
import { type Encoder, partitionOfConversation, type ReceiptAdvanced, type Topics } from '@chat/schemas'
import { readWaitMs } from '@chat/schemas/protocol'
import { answerOfFault, ok, refused } from '../answer.ts'
import type { Answer } from '../ports.ts'
import type { Caller } from './caller.ts'

/** How long cursors of one device and conversation are collected before they are written, ms. */
const coalesceMs = 200
/** Cursors being collected; more are refused `unavailable`. */
const collectedMax = 20_000
/** Stored cursors kept in memory; the one learnt first is read again when it is needed. */
const knownMax = 50_000
/** Cursors of one flush that are looked up at once. */
const lookupsAtOnceMax = 16

/** Moves the cursors of devices: coalesced, never back, never beyond what the user may see. */
export interface Receipts {
  /** Resolves when the record that holds the advance is acknowledged. `read` implies `delivered`. */
  advance(caller: Caller, conversation: string, cursor: 'delivered' | 'read', seq: number): Promise<Answer>
  /** Writes what was collected, now. Resolves when all of it was answered. */
  flush(): Promise<void>
}

interface Asked {
  readonly cursor: 'delivered' | 'read'
  readonly seq: number
  readonly answer: (answer: Answer) => void
}

interface Collected {
  readonly caller: Caller
  readonly conversation: string
  readonly asked: Asked[]
}

interface Cursor {
  readonly deliveredSeq: number
  readonly readSeq: number
}

/** A cursor that moves, on its way to the log. */
interface Advance {
  readonly key: string
  readonly partition: number
  readonly record: ReceiptAdvanced
  readonly answers: readonly ((answer: Answer) => void)[]
}

interface ReceiptPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly readModels: ReadModels
  readonly clock: Clock
  readonly onFatal: (error: unknown) => void
}

export const createReceipts = ({ log, topics, encoder, readModels, clock, onFatal }: ReceiptPorts): Receipts => {
  /** `conversation|user|device` → what was asked since the last flush. */
  let collected = new Map<string, Collected>()
  let cancelFlush: (() => void) | undefined
  let flushing: Promise<void> = Promise.resolve()
  const known = new Map<string, Cursor>()

  const learn = (key: string, cursor: Cursor) => {
    known.delete(key)
    known.set(key, cursor)
    if (known.size <= knownMax) return
    for (const oldest of known.keys()) {
      known.delete(oldest)
      return
    }
  }

  /** The stored cursor is read at the flush, not when asked: what the device's last connector flushed has been projected by then. */
  const prepare = async (key: string, { caller, conversation, asked }: Collected): Promise<Advance | undefined> => {
    const { userId, device } = caller.identity
    let isFresh = true
    let visible = await readModels.visibleSeq(userId, conversation)
    if (asked.some(({ seq }) => seq > (visible ?? 0))) {
      // It may have been pushed before it was projected.
      isFresh = await readModels.waitFor(caller.positions(), readWaitMs)
      visible = await readModels.visibleSeq(userId, conversation)
    }
    const stored = known.get(key) ?? (await readModels.cursor(userId, device, conversation))
    learn(key, stored)
    if (visible === undefined) return refuseAll(asked, isFresh ? 'not_found' : 'unavailable')
    const limit = visible
    refuseAll(
      asked.filter(({ seq }) => seq > limit),
      isFresh ? 'no_such_message' : 'unavailable',
    )
    const allowed = asked.filter(({ seq }) => seq <= limit)
    const readSeq = Math.max(stored.readSeq, ...allowed.flatMap(({ cursor, seq }) => (cursor === 'read' ? [seq] : [])))
    const deliveredSeq = Math.max(stored.deliveredSeq, readSeq, ...allowed.map(({ seq }) => seq))
    const answers = allowed.map(({ answer }) => answer)
    if (readSeq === stored.readSeq && deliveredSeq === stored.deliveredSeq) {
      for (const answer of answers) answer(ok({}))
      return undefined
    }
    const partition = partitionOfConversation(conversation, topics.receipts.partitions)
    assert(partition !== undefined, 'the frame parser lets only canonical conversation ids through')
    const record: ReceiptAdvanced = {
      type: 'ReceiptAdvanced',
      conversation,
      user: userId,
      device,
      deliveredSeq,
      readSeq,
    }
    return { key, partition, record, answers }
  }

  const append = async (partition: number, advances: readonly Advance[]) => {
    const records = advances.map(({ key, record }): NewRecord => {
      const { schema, value } = encoder.encode(record)
      return { key, value, headers: { type: record.type, schema } }
    })
    try {
      await log.append({ topic: topics.receipts, partition, records })
      for (const { key, record, answers } of advances) {
        learn(key, record)
        for (const answer of answers) answer(ok({}))
      }
    } catch (error) {
      const answer = answerOfFault(error)
      if (answer === undefined) throw error
      // Nothing is known of the records: the stored cursors are read again.
      for (const { key, answers } of advances) {
        known.delete(key)
        for (const reply of answers) reply(answer)
      }
    }
  }

  const write = async (batch: ReadonlyMap<string, Collected>) => {
    const advances: Advance[] = []
    const entries = batch.entries()
    const work = async () => {
      for (const [key, entry] of entries) {
        const advance = await prepare(key, entry).catch((error) => refuseByFault(entry.asked, error))
        if (advance !== undefined) advances.push(advance)
      }
    }
    await Promise.all(Array.from({ length: lookupsAtOnceMax }, work))
    const byPartition = Map.groupBy(advances, ({ partition }) => partition)
    await Promise.all(
      [...byPartition].flatMap(([partition, all]) => chunksOf(all).map((chunk) => append(partition, chunk))),
    )
  }

  /** One flush at a time, so that a later record of a device is never overtaken by an earlier one. */
  const flush = (): Promise<void> => {
    cancelFlush?.()
    cancelFlush = undefined
    const batch = collected
    if (batch.size === 0) return flushing
    collected = new Map()
    flushing = flushing.then(() => write(batch)).catch(onFatal)
    return flushing
  }

  return {
    advance: (caller, conversation, cursor, seq) => {
      if (collected.size >= collectedMax) return Promise.resolve(refused('unavailable'))
      const { userId, device } = caller.identity
      const key = `${conversation}|${userId}|${device}`
      cancelFlush ??= clock.after(coalesceMs, () => void flush())
      return new Promise((answer) => {
        const entry = collected.get(key)
        if (entry === undefined) collected.set(key, { caller, conversation, asked: [{ cursor, seq, answer }] })
        else entry.asked.push({ cursor, seq, answer })
      })
    },
    flush,
  }
}

const refuseAll = (asked: readonly Asked[], code: 'not_found' | 'no_such_message' | 'unavailable'): undefined => {
  for (const { answer } of asked) answer(refused(code))
}

const refuseByFault = (asked: readonly Asked[], error: unknown): undefined => {
  const refusal = answerOfFault(error)
  if (refusal === undefined) throw error
  for (const { answer } of asked) answer(refusal)
}

const chunksOf = <T>(items: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / appendRecordsMax) }, (_, i) =>
    items.slice(i * appendRecordsMax, (i + 1) * appendRecordsMax),
  )
