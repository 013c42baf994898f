import { createHash } from 'node:crypto'
import type { StoredRecord } from '@chat/event-log'
import { decodeSnapshot, type SnapshotBegun, type SnapshotEnded } from '@chat/schemas'

/** Header of every record of a dump: its random id, because the dumps of two writers may lie between one another. */
export const dumpHeader = 'dump'

/** What tells that a dump is read as it was written: told the values of its beginning and its parts. */
export const createDigest = () => {
  const hash = createHash('sha256')
  return {
    add: (value: Uint8Array): void => void hash.update(value),
    end: (): string => hash.digest('hex').slice(0, 16),
  }
}

/** A dump on the log from its beginning to its end. Whether its parts are what was written shows when they are read. */
export interface FoundDump {
  readonly begun: SnapshotBegun
  /** Offsets of its beginning and end. */
  readonly from: number
  readonly to: number
  readonly digest: string
  /** LogAppendTime of its beginning, ms. */
  readonly atMs: number
  /** Values of its records. */
  readonly bytes: number
}

/** What matters of a record before parts are read. */
export interface Note {
  readonly dump: string
  readonly offset: number
  readonly atMs: number
  readonly bytes: number
  /** Of beginnings and ends. */
  readonly mark: SnapshotBegun | SnapshotEnded | undefined
}

/** None of what is no record of a dump. */
export const notesOf = ({ headers, value, offset, timestamp: atMs }: StoredRecord): readonly Note[] => {
  const dump = headers[dumpHeader]
  if (dump === undefined) return []
  const note = { dump, offset, atMs, bytes: value?.length ?? 0 }
  if (headers.type === 'SnapshotPart') return [{ ...note, mark: undefined }]
  const decoded = decodeSnapshot(headers.schema ?? '', value)
  if (!('record' in decoded) || decoded.record.type === 'SnapshotPart' || decoded.record.dump !== dump) return []
  return [{ ...note, mark: decoded.record }]
}

/** The dumps that begin and end among the records noted, in their order; by their ends. */
export const dumpsOf = (notes: readonly Note[]): readonly FoundDump[] => {
  const open = new Map<string, Omit<FoundDump, 'to' | 'digest'>>()
  const complete = new Map<string, FoundDump>()
  for (const { dump, offset, atMs, bytes, mark } of notes) {
    const known = open.get(dump)
    // An append that was tried twice may stand twice: of beginnings the last one counts, of ends the first.
    if (mark?.type === 'SnapshotBegun') open.set(dump, { begun: mark, from: offset, atMs, bytes })
    else if (known !== undefined) open.set(dump, { ...known, bytes: known.bytes + bytes })
    if (mark?.type === 'SnapshotEnded' && known !== undefined && !complete.has(dump))
      complete.set(dump, { ...known, to: offset, digest: mark.digest })
  }
  return [...complete.values()]
}

/** A full dump and the deltas over it, each beginning exactly where the one before stands. */
export type DumpChain = readonly FoundDump[]

/**
 * The chain whose state is the newest, of the dumps that are usable. A dump is a function of the log alone, so it does not matter who wrote
 * which: a delta fits every dump that stands where it begins. Of two chains to the same place the smaller one counts.
 */
export const newestChain = (dumps: readonly FoundDump[], isUsable: (dump: FoundDump) => boolean): DumpChain => {
  const chains = new Map<string, DumpChain>()
  let newest: DumpChain = []
  for (const dump of dumps) {
    if (!isUsable(dump)) continue
    const { fromPos, fromChain, lastPos, chain } = dump.begun
    const base = fromPos === null ? [] : chains.get(placeOf(fromPos, fromChain))
    if (base === undefined) continue
    const made = [...base, dump]
    const known = chains.get(placeOf(lastPos, chain))
    if (known !== undefined && bytesOf(known) <= bytesOf(made)) continue
    chains.set(placeOf(lastPos, chain), made)
    if (lastPos >= lastPosOf(newest)) newest = made
  }
  return newest
}

export const bytesOf = (chain: DumpChain): number => chain.reduce((sum, { bytes }) => sum + bytes, 0)

const placeOf = (pos: number, chain: string | null): string => `${pos}|${chain ?? ''}`

const lastPosOf = (chain: DumpChain): number => chain.at(-1)?.begun.lastPos ?? -1
