import { isValid, type StoredRecord } from '@chat/event-log'
import type { EventBatch, PlacedEvent, PlacedReceipt, ProjectionOffset, ReceiptBatch } from '@chat/read-models'
import { chainOf, type DeadLetter, decodeEvent, decodeReceipt, parseConversation } from '@chat/schemas'

/** Records of one transaction at most, and bytes of their values: what a commit costs is spread, what a failure repeats is bounded. */
export const batchRecordsMax = 1000
export const batchBytesMax = 1024 * 1024
/** Devices are UUIDs; what is longer is no receipt of ours. Code units. */
const deviceCharactersMax = 128

/** Why nothing further of a partition can be projected until a person acted. */
export interface Halt {
  readonly reason: 'log_cut' | 'unreadable_event'
  readonly detail: string
}

/** What a run of event records comes to. */
export interface EventsRead {
  readonly batch: EventBatch
  /** Records that are no events at all, to be put aside. */
  readonly dead: readonly Dead[]
  /** The batch ends before the record that this is about. */
  readonly halt?: Halt
}

export interface Dead {
  readonly record: StoredRecord
  readonly reason: 'undecodable'
  readonly detail: string
}

/**
 * Takes the valid events out of `records`, which follow `after`. Invalid records do not count; [G8] a valid one that breaks the chain or
 * cannot be read halts, and is never skipped. Pure.
 */
export const readEvents = (
  partition: number,
  after: ProjectionOffset,
  records: readonly StoredRecord[],
): EventsRead => {
  const events: PlacedEvent[] = []
  const dead: Dead[] = []
  let { nextOffset, lastPos, chain } = after
  let halt: Halt | undefined
  for (const record of records) {
    if (!isValid(record)) {
      const detail = deadDetailOf(record)
      if (detail !== undefined) dead.push({ record, reason: 'undecodable', detail })
    } else {
      const read = readValid(record, chain)
      if ('reason' in read) {
        halt = read
        break
      }
      if (read.placed !== undefined) events.push(read.placed)
      ;[lastPos, chain] = [record.offset, read.chain]
    }
    nextOffset = record.offset + 1
  }
  const batch = { partition, from: after.nextOffset, to: { nextOffset, lastPos, chain }, events }
  return halt === undefined ? { batch, dead } : { batch, dead, halt }
}

const readValid = (
  { offset: pos, headers, value }: StoredRecord,
  previousChain: string,
): { readonly chain: string; readonly placed: PlacedEvent | undefined } | Halt => {
  const { type = '', schema = '', cmd = '' } = headers
  const chain = chainOf(previousChain, { pos, type, cmd: Number(cmd), value: value ?? new Uint8Array() })
  // [G7]
  if (chain !== headers.chain)
    return {
      reason: 'log_cut',
      detail: `event ${pos} has chain ${headers.chain}, not ${chain}: the log before it changed`,
    }
  const decoded = decodeEvent(schema, value)
  if ('record' in decoded) return { chain, placed: { pos, event: decoded.record } }
  if (decoded.reason === 'unknown_schema' && headers.ignorable === 'true') return { chain, placed: undefined }
  return { reason: 'unreadable_event', detail: `event ${pos}: ${decoded.detail}` }
}

/** A router's late batch is in order but for its place and just does not count; undefined then. */
const deadDetailOf = ({ headers, value }: StoredRecord): string | undefined => {
  if (headers.pos === undefined || headers.schema === undefined) return 'no headers of an event'
  const decoded = decodeEvent(headers.schema, value)
  return 'reason' in decoded && decoded.reason === 'undecodable' ? decoded.detail : undefined
}

/** Receipts are not stamped: each stands for itself, and what cannot be read is put aside. Pure. */
export const readReceipts = (
  partition: number,
  from: number,
  records: readonly StoredRecord[],
): { readonly batch: ReceiptBatch; readonly dead: readonly Dead[] } => {
  const receipts: PlacedReceipt[] = []
  const dead: Dead[] = []
  for (const record of records) {
    const decoded = decodeReceipt(record.headers.schema ?? '', record.value)
    const isOurs =
      'record' in decoded &&
      decoded.record.device.length <= deviceCharactersMax &&
      parseConversation(decoded.record.conversation) !== undefined
    if (isOurs) receipts.push({ offset: record.offset, receipt: decoded.record })
    else
      dead.push({
        record,
        reason: 'undecodable',
        detail: 'detail' in decoded ? decoded.detail : 'names nothing of ours',
      })
  }
  const last = records.at(-1)
  return { batch: { partition, from, to: last === undefined ? from : last.offset + 1, receipts }, dead }
}

/** Runs of at most `batchRecordsMax` records and `batchBytesMax` bytes, at least one record each. */
export function* batchesOf(records: readonly StoredRecord[]): Generator<readonly StoredRecord[]> {
  let from = 0
  let bytes = 0
  for (const [index, record] of records.entries()) {
    const size = record.value?.length ?? 0
    if (index > from && (index - from === batchRecordsMax || bytes + size > batchBytesMax)) {
      yield records.slice(from, index)
      ;[from, bytes] = [index, 0]
    }
    bytes += size
  }
  if (from < records.length) yield records.slice(from)
}

export const deadLetterOf = (topic: string, partition: number, { record, reason, detail }: Dead): DeadLetter => ({
  type: 'DeadLetter',
  topic,
  partition,
  offset: record.offset,
  reason,
  detail,
  headers: record.headers,
  value: record.value === null ? null : Buffer.from(record.value),
})
