import { chainOf, chainStart, type Topic } from '@chat/schemas'
import type { EventLog, NewRecord, Offset, StoredRecord } from './index.ts'

/** The rules of the position-stamped append, each replaceable, so that tests can break one and see it noticed. Development only. */
export interface Rules {
  readonly isValid: (record: StoredRecord) => boolean
  /** Where commands go on after a valid event of `cmd`. */
  readonly resumeAfter: (cmd: Offset) => Offset
  /** Whether an answer means that the batch, stamped from `expected` on, is committed. */
  readonly isCommitted: (baseOffset: Offset, expected: Offset) => boolean
  /** What a writer does after a miss: read what was written since, or just stamp anew at the end. */
  readonly afterMiss: 'read' | 'stamp_anew'
  readonly comparesChain: boolean
  /** Whether an append over another connection counts only once the log was read again. */
  readonly comparesConnection: boolean
}

/** What whoever reads the partition knows: everything valid up to `next`, and its chain there. */
export interface Fold {
  next: Offset
  resume: Offset
  lastPos: Offset
  chain: string
  readonly valid: StoredRecord[]
}

export const emptyFold = (): Fold => ({ next: 0, resume: 0, lastPos: -1, chain: chainStart, valid: [] })

/** The log is not the one that was read before: it was cut. */
export class Alarm extends Error {
  override readonly name = 'Alarm'
}

const encoder = new TextEncoder()

/** An event with `text`, stamped for `pos` and chained to the fold's last valid one. */
export const stamp = (previousChain: string, pos: Offset, cmd: Offset, text: string): NewRecord => {
  const value = encoder.encode(`\0\0\0\0\0${text}`)
  const chain = chainOf(previousChain, { pos, type: 'Happened', cmd, value })
  return { key: null, value, headers: { type: 'Happened', pos: String(pos), cmd: String(cmd), chain } }
}

export const textOf = (record: { readonly value: Uint8Array | null }): string =>
  Buffer.from(record.value ?? [])
    .subarray(5)
    .toString()

export const cmdOf = (record: StoredRecord): Offset => Number(record.headers.cmd)

/** Whether the valid records up to `last` are one chain. */
export const isChained = (records: readonly StoredRecord[], last: Offset, rules: Rules): boolean => {
  const fold = emptyFold()
  try {
    for (const record of records.slice(0, last + 1)) apply(fold, record, { ...rules, comparesChain: true })
    return true
  } catch (error) {
    if (error instanceof Alarm) return false
    throw error
  }
}

export const apply = (fold: Fold, record: StoredRecord, rules: Rules): void => {
  if (record.offset !== fold.next) throw new Alarm(`offset ${record.offset} came instead of ${fold.next}`)
  fold.next++
  if (!rules.isValid(record)) return
  const value = record.value ?? new Uint8Array(0)
  const chain = chainOf(fold.chain, { pos: record.offset, type: 'Happened', cmd: cmdOf(record), value })
  if (rules.comparesChain && record.headers.chain !== chain) throw new Alarm(`the chain breaks at ${record.offset}`)
  fold.chain = record.headers.chain ?? ''
  fold.lastPos = record.offset
  fold.resume = Math.max(fold.resume, rules.resumeAfter(cmdOf(record)))
  fold.valid.push(record)
}

/** The last valid record is the same, and what follows it still does not count. */
const compare = (fold: Fold, held: StoredRecord, rules: Rules): void => {
  const isSame = held.offset === fold.lastPos ? held.headers.chain === fold.chain : !rules.isValid(held)
  if (!isSame) throw new Alarm(`another record stands at ${held.offset}`)
}

/** Compares what stands from the fold's last position on, then reads on to the end. Throws Alarm. */
export const readOn = async (
  fold: Fold,
  log: EventLog,
  topic: Topic,
  rules: Rules,
  signal: AbortSignal,
): Promise<void> => {
  const end = (await log.ends(topic)).get(0) ?? 0
  if (end < fold.next) throw new Alarm(`the end fell to ${end}, below ${fold.next}`)
  if (rules.comparesChain && fold.next > 0)
    for await (const records of log.read(topic, 0, Math.max(0, fold.lastPos), fold.next, signal))
      for (const held of records) compare(fold, held, rules)
  for await (const records of log.read(topic, 0, fold.next, end, signal))
    for (const record of records) apply(fold, record, rules)
}
