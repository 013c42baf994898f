import { assert, Fault } from '@chat/runtime'
import type { Appended, NewRecord, Offset, StoredRecord } from './index.ts'

/** What a partition in memory may hold. Undefined: everything, for tests. */
export interface Retention {
  readonly bytesMax: number
  /** `drop`: the oldest go, as after a retention time. `refuse`: appends throw Fault `log_overloaded` until a trim. */
  readonly whenFull: 'drop' | 'refuse'
}

/** Records that one yield of a tail or a read holds at most. */
const yieldRecordsMax = 1000
/** Bytes after which a yield is closed. */
const yieldBytesMax = 4 * 1024 * 1024
/** Dropped records are cut from the array once so many lie before its first: a cut moves all that follow. */
const deadRecordsMax = 4096

const encoder = new TextEncoder()

/** One partition: an array with a moving beginning, and whoever waits for it to change. */
export interface MemoryPartition {
  beginning(): Offset
  end(): Offset
  /** Throws Fault `log_overloaded` when full and not allowed to drop, `log_unavailable` while it is away; nothing happened then. */
  append(records: readonly NewRecord[], timestamp: number): Appended
  /** Records from `from`, at most up to `to`; some, if there is one. Throws Fault `offset_gone` or `log_cut`. */
  slice(from: Offset, to: Offset): readonly StoredRecord[]
  /** Drops everything before `beginning`. */
  trim(beginning: Offset): void
  /** Forgets everything from `end` on. */
  truncate(end: Offset): void
  /** Its leader is gone until `comesBack` is called as often. */
  goesAway(): void
  comesBack(): void
  isAway(): boolean
  /** Calls `wake` once, at the next append, trim, truncation or return. */
  onChange(wake: () => void): () => void
}

const sizeOf = (record: StoredRecord): number => (record.value?.length ?? 0) + (record.key?.length ?? 0) + 128

export const createMemoryPartition = (first: Offset, retention?: Retention): MemoryPartition => {
  let records: StoredRecord[] = []
  /** Offset of `records[0]`, kept or not. */
  let base = first
  let beginning = first
  let bytes = 0
  let lastTimestamp = 0
  /** Another one after each absence and each cut: a log that is cut has lost its leader. */
  let connection = 0
  let absences = 0
  const waiting = new Set<() => void>()

  const end = (): Offset => base + records.length

  const changed = (): void => {
    const wakes = [...waiting]
    waiting.clear()
    for (const wake of wakes) wake()
  }

  const at = (offset: Offset): StoredRecord => {
    const record = records[offset - base]
    assert(record !== undefined, 'a kept offset has a record')
    return record
  }

  const trim = (to: Offset): void => {
    const target = Math.min(Math.max(to, beginning), end())
    for (; beginning < target; beginning++) bytes -= sizeOf(at(beginning))
    if (beginning - base < deadRecordsMax && beginning < end()) return
    records = records.slice(beginning - base)
    base = beginning
  }

  const makeRoom = (): void => {
    if (retention === undefined || bytes <= retention.bytesMax) return
    if (retention.whenFull === 'refuse') throw new Fault('log_overloaded', 'too many records wait in this partition')
    let left = bytes
    let keepFrom = beginning
    for (; keepFrom < end() && left > retention.bytesMax / 2; keepFrom++) left -= sizeOf(at(keepFrom))
    trim(keepFrom)
  }

  return {
    beginning: () => beginning,
    end,
    append: (added, timestamp) => {
      if (absences > 0) throw away()
      makeRoom()
      const baseOffset = end()
      lastTimestamp = Math.max(lastTimestamp, timestamp)
      for (const [index, record] of added.entries()) {
        const stored = store(record, baseOffset + index, lastTimestamp)
        records.push(stored)
        bytes += sizeOf(stored)
      }
      changed()
      return { baseOffset, timestamp: lastTimestamp, connection }
    },
    slice: (from, to) => {
      if (from < beginning) throw offsetGone(from, beginning)
      if (from > end()) throw logCut(from, end())
      const stop = Math.min(to, end(), from + yieldRecordsMax)
      const found: StoredRecord[] = []
      let size = 0
      for (let offset = from; offset < stop && size < yieldBytesMax; offset++) {
        const record = at(offset)
        size += sizeOf(record)
        found.push(record)
      }
      return found
    },
    trim: (to) => {
      trim(to)
      changed()
    },
    truncate: (to) => {
      connection++
      while (end() > Math.max(to, beginning)) {
        const record = records.pop()
        if (record !== undefined) bytes -= sizeOf(record)
      }
      changed()
    },
    goesAway: () => {
      absences++
    },
    comesBack: () => {
      absences--
      connection++
      changed()
    },
    isAway: () => absences > 0,
    onChange: (wake) => {
      waiting.add(wake)
      return () => waiting.delete(wake)
    },
  }
}

/** Copies what the writer may change afterwards. */
const store = (record: NewRecord, offset: Offset, timestamp: number): StoredRecord => ({
  offset,
  timestamp,
  key: record.key === null ? null : encoder.encode(record.key),
  value: record.value === null ? null : Uint8Array.from(record.value),
  headers: { ...record.headers },
})

export const away = (): Fault => new Fault('log_unavailable', 'the leader of the partition is away')

const offsetGone = (from: Offset, beginning: Offset): Fault =>
  new Fault('offset_gone', `offset ${from} lies before the beginning ${beginning}`, { isRetryable: false })

const logCut = (from: Offset, end: Offset): Fault =>
  new Fault('log_cut', `offset ${from} lies beyond the end ${end}`, { isRetryable: false })
