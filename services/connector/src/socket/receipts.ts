import { appendRecordsMax, type EventLog, type NewRecord } from '@chat/event-log'
import type { ReadModels } from '@chat/read-models'
import { assert, type Clock, forgetOldest, isFault, withinMs } from '@chat/runtime'
import { type Encoder, partitionOfConversation, type ReceiptAdvanced, type Topics } from '@chat/schemas'
import { readWaitMs } from '@chat/schemas/protocol'
import { answerOfFault, ok, refused } from '../answer.ts'
import type { Answer } from '../ports.ts'
import type { Caller } from './caller.ts'

/** How long cursors of one device and conversation are collected before they are written, ms. */
const coalesceMs = 200
/** Cursors being collected; more are refused `unavailable`. */
const collectedMax = 20_000
/** Cursors kept in memory; the one learnt first is forgotten first, and read again when it is needed. */
const knownMax = 50_000
/** Cursors of one flush that are looked up at once. */
const lookupsAtOnceMax = 16

/** Moves the cursors of devices: coalesced, never back, never beyond what the user may see. In an online room there are none to move. */
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
  /** Who asked last. */
  readonly caller: Caller
  readonly conversation: string
  readonly partition: number
  readonly asked: Asked[]
}

interface Cursor {
  readonly deliveredSeq: number
  readonly readSeq: number
}

/** What this connector wrote, or read, last of a device and conversation. */
interface Known extends Cursor {
  /** The connection that asked; undefined: by HTTP. */
  readonly connection: string | undefined
}

/** A cursor that moves, on its way to the log. */
interface Advance {
  readonly key: string
  readonly connection: string | undefined
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
  /** By the same key. A truth about the log whoever asked for it, but only its own connection may take it for the whole truth. */
  const known = createKnown()

  /** Nobody else can have written for this device since. */
  const isLatest = (key: string, { caller }: Collected): boolean =>
    caller.connection !== undefined && known.get(key)?.connection === caller.connection

  /**
   * Where the receipts are not projected up to what the device's earlier connections, here or elsewhere, may have written: a stored
   * cursor from before could be an old one, and a lower record would outlive the higher one in a compacted topic. [G6] [G7]
   */
  const behindOf = async (batch: ReadonlyMap<string, Collected>): Promise<ReadonlySet<number>> => {
    const strangers = [...batch].flatMap(([key, entry]) => (isLatest(key, entry) ? [] : [entry]))
    const partitions = new Set(strangers.map(({ partition }) => partition))
    if (partitions.size === 0) return partitions
    const told = Promise.all(strangers.map(({ caller }) => caller.othersTold()))
    await withinMs(clock, readWaitMs, told, undefined)
    try {
      const ends = await log.ends(topics.receipts)
      const isReached = (partition: number) => {
        const end = ends.get(partition) ?? 0
        return end === 0 || readModels.waitForReceipts([{ partition, pos: end - 1 }], readWaitMs)
      }
      await Promise.all(
        [...partitions].map(async (partition) => {
          if (await isReached(partition)) partitions.delete(partition)
        }),
      )
    } catch (error) {
      if (!isFault(error)) throw error
    }
    return partitions
  }

  /** The stored cursor is read at the flush, not when asked: what the device's last connector flushed has been projected by then. */
  const prepare = async (key: string, entry: Collected, behind: ReadonlySet<number>): Promise<Advance | undefined> => {
    const { caller, conversation, partition, asked } = entry
    const { userId, device } = caller.identity
    if (!isLatest(key, entry) && behind.has(partition)) return refuseAll(asked, 'unavailable')
    let isFresh = true
    let visible = await readModels.visibleSeq(userId, conversation)
    if (asked.some(({ seq }) => seq > (visible ?? 0))) {
      // It may have been pushed before it was projected.
      isFresh = await readModels.waitFor(caller.positions(), readWaitMs)
      visible = await readModels.visibleSeq(userId, conversation)
    }
    const found = await readModels.cursor(userId, device, conversation)
    const isKept = found !== 'not_kept'
    const stored = laterOf(known.get(key), isKept ? found : noCursor)
    if (isKept) known.set(key, { ...stored, connection: caller.connection })
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
    if (!isKept || (readSeq === stored.readSeq && deliveredSeq === stored.deliveredSeq)) {
      for (const answer of answers) answer(ok({}))
      return undefined
    }
    const record: ReceiptAdvanced = {
      type: 'ReceiptAdvanced',
      conversation,
      user: userId,
      device,
      deliveredSeq,
      readSeq,
    }
    return { key, connection: caller.connection, partition, record, answers }
  }

  const append = async (partition: number, advances: readonly Advance[]) => {
    const records = advances.map(({ key, record }): NewRecord => {
      const { schema, value } = encoder.encode(record)
      return { key, value, headers: { type: record.type, schema } }
    })
    try {
      await log.append({ topic: topics.receipts, partition, records })
      for (const { key, connection, record, answers } of advances) {
        known.set(key, { deliveredSeq: record.deliveredSeq, readSeq: record.readSeq, connection })
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
    const behind = await behindOf(batch)
    const advances: Advance[] = []
    const entries = batch.entries()
    const work = async () => {
      for (const [key, entry] of entries) {
        const advance = await prepare(key, entry, behind).catch((error) => refuseByFault(entry.asked, error))
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
      const partition = partitionOfConversation(conversation, topics.receipts.partitions)
      assert(partition !== undefined, 'the frame parser lets only canonical conversation ids through')
      cancelFlush ??= clock.after(coalesceMs, () => void flush())
      return new Promise((answer) => {
        const asked = collected.get(key)?.asked ?? []
        asked.push({ cursor, seq, answer })
        collected.set(key, { caller, conversation, partition, asked })
      })
    },
    flush,
  }
}

interface KnownCursors {
  get(key: string): Known | undefined
  set(key: string, cursor: Known): void
  delete(key: string): void
}

const createKnown = (): KnownCursors => {
  const all = new Map<string, Known>()
  return {
    get: (key) => all.get(key),
    set: (key, cursor) => {
      all.delete(key)
      all.set(key, cursor)
      forgetOldest(all, knownMax)
    },
    delete: (key) => void all.delete(key),
  }
}

const noCursor: Cursor = { deliveredSeq: 0, readSeq: 0 }

const laterOf = (one: Cursor | undefined, other: Cursor): Cursor => ({
  deliveredSeq: Math.max(one?.deliveredSeq ?? 0, other.deliveredSeq),
  readSeq: Math.max(one?.readSeq ?? 0, other.readSeq),
})

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
