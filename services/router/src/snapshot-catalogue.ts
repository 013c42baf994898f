import type { StoredRecord } from '@chat/event-log'
import { decodeSnapshot, type SnapshotBegun } from '@chat/schemas'

/** Header of every record of a dump: its random id, because the dumps of two writers may lie between one another. */
export const dumpHeader = 'dump'

/** A dump on the log from its beginning to its end. Whether its parts are all there shows when they are read. */
export interface FoundDump {
  readonly begun: SnapshotBegun
  /** Offsets of its beginning and end. */
  readonly from: number
  readonly to: number
  readonly parts: number
  /** LogAppendTime of its beginning, ms. */
  readonly atMs: number
  /** Values of its records. */
  readonly bytes: number
}

/** Finds dumps in the records of a snapshots partition, told in order. */
export interface Catalogue {
  note(record: StoredRecord): void
  /** The complete ones, by their end. */
  dumps(): readonly FoundDump[]
}

export const createCatalogue = (): Catalogue => {
  const open = new Map<string, Omit<FoundDump, 'to' | 'parts'>>()
  const complete: FoundDump[] = []
  return {
    note: ({ headers, value, offset, timestamp }) => {
      const id = headers[dumpHeader]
      if (id === undefined) return
      const known = open.get(id)
      if (known !== undefined) open.set(id, { ...known, bytes: known.bytes + (value?.length ?? 0) })
      if (headers.type === 'SnapshotPart') return
      const decoded = decodeSnapshot(headers.schema ?? '', value)
      if (!('record' in decoded) || decoded.record.dump !== id) return
      const { record } = decoded
      // An append that was tried twice may stand twice: the first one counts.
      if (record.type === 'SnapshotBegun' && known === undefined)
        open.set(id, { begun: record, from: offset, atMs: timestamp, bytes: value?.length ?? 0 })
      const isFirstEnd = complete.every(({ begun }) => begun.dump !== id)
      if (record.type === 'SnapshotEnded' && known !== undefined && isFirstEnd)
        complete.push({ ...known, to: offset, parts: record.parts })
    },
    dumps: () => complete,
  }
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
