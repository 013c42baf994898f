import { createPartitionState, domainHash, loadHead, loadPart, type PartitionState, type Wire } from '@chat/domain'
import { type EventLog, isValid, type StoredRecord } from '@chat/event-log'
import { type Clock, type Logger, sleep } from '@chat/runtime'
import { decodeSnapshot, type Topics } from '@chat/schemas'
import {
  createDigest,
  type DumpChain,
  dumpHeader,
  dumpsOf,
  type FoundDump,
  type Note,
  newestChain,
  notesOf,
} from './snapshot-catalogue.ts'

/** A state as it was at the end of a chain of dumps. */
export interface Restored {
  readonly state: PartitionState
  readonly chain: DumpChain
}

export interface SnapshotReaderPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly wire: Wire
  readonly clock: Clock
  readonly logger: Logger
}

/** Records that are looked through first, from the end; twice as many each time that they hold nothing usable. */
const lookBackRecords = 256

/**
 * The newest state that complete dumps of this code give and that the event log bears out; undefined: there is none, all events must be
 * read. Looks back from the end only as far as it must, so that a start costs as much as the state is large and not as the topic. A
 * zombie that wrote much at the end may so hide a newer chain: what is found is then older than it could be, and as right. What cannot
 * be used is passed over, and the next best is tried. Throws Fault.
 */
export const readSnapshot = async (
  partition: number,
  ports: SnapshotReaderPorts,
  signal: AbortSignal,
): Promise<Restored | undefined> => {
  const { log, topics, logger } = ports
  const { partitions } = topics.events
  const beginning = (await log.beginnings(topics.snapshots)).get(partition) ?? 0
  const end = (await log.ends(topics.snapshots)).get(partition) ?? 0
  const ignored = new Set<string>()
  const isUsable = ({ begun }: FoundDump): boolean => {
    const isOurs = begun.partition === partition && begun.partitions === partitions
    return isOurs && begun.domainHash === domainHash && !ignored.has(begun.dump)
  }
  let notes: readonly Note[] = []
  let from = end
  for (let records = lookBackRecords; ; ) {
    const chain = newestChain(dumpsOf(notes), isUsable)
    const tip = chain.at(-1)
    if (tip === undefined) {
      if (from <= beginning) break
      const earlier = Math.max(beginning, end - records)
      notes = [...(await readNotes(partition, earlier, from, ports, signal)), ...notes]
      from = earlier
      records *= 2
      continue
    }
    const state = createPartitionState(partition, partitions, ports.wire)
    // In this order: what a dump says of itself may be damaged until its digest is compared.
    const problem = (await load(chain, state, ports, signal)) ?? (await logProblem(tip, partition, ports, signal))
    if (problem === undefined) return { state, chain }
    const { dump, reason } = problem
    ignored.add(dump.begun.dump)
    logger.warn({ dump: dump.begun.dump, pos: dump.begun.lastPos, reason }, 'snapshot ignored')
  }
  if (notes.length > 0) logger.info({ from: beginning, to: end }, 'no snapshot can be used')
  return undefined
}

const readNotes = async (
  partition: number,
  from: number,
  to: number,
  { log, topics }: SnapshotReaderPorts,
  signal: AbortSignal,
): Promise<readonly Note[]> => {
  const notes: Note[] = []
  for await (const records of log.read(topics.snapshots, partition, from, to, signal))
    for (const record of records) notes.push(...notesOf(record))
  return notes
}

/** So long parts are taken in one turn of the event loop, ms: other partitions of this process are at work. */
const turnMsMax = 10

/** Why a dump cannot be used. */
interface Problem {
  readonly dump: FoundDump
  readonly reason: string
}

/** The event that the dump stands at must be on the log, with its chain: else the log was cut, or the dump is of another one. */
const logProblem = async (
  dump: FoundDump,
  partition: number,
  { log, topics }: SnapshotReaderPorts,
  signal: AbortSignal,
): Promise<Problem | undefined> => {
  const { nextPos, lastPos, chain } = dump.begun
  const end = (await log.ends(topics.events)).get(partition) ?? 0
  if (end < nextPos) return { dump, reason: `the event log ends at ${end}, before ${nextPos}: it was cut` }
  for await (const records of log.read(topics.events, partition, lastPos, lastPos + 1, signal))
    for (const record of records) if (isValid(record) && record.headers.chain === chain) return undefined
  return {
    dump,
    reason: `the event log has another event at ${lastPos}: it was cut, or the snapshot is of another log`,
  }
}

const load = async (
  chain: DumpChain,
  state: PartitionState,
  ports: SnapshotReaderPorts,
  signal: AbortSignal,
): Promise<Problem | undefined> => {
  for (const dump of chain) {
    const reason = await loadDump(dump, state, ports, signal)
    if (reason !== undefined) return { dump, reason }
  }
  return undefined
}

/** Takes a dump into the state; returns what is wrong with it. */
const loadDump = async (
  dump: FoundDump,
  state: PartitionState,
  { log, topics, wire, clock }: SnapshotReaderPorts,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const digest = createDigest()
  let next = 0
  let turnedMs = clock.monotonic()
  for await (const records of log.read(topics.snapshots, state.partition, dump.from, dump.to, signal))
    for (const record of records) {
      if (record.offset === dump.from && record.value !== null) digest.add(record.value)
      if (!isPartOf(dump, record)) continue
      const decoded = decodeSnapshot(record.headers.schema ?? '', record.value)
      if (!('record' in decoded) || record.value === null) return `part ${next} cannot be read`
      const part = decoded.record
      if (part.type !== 'SnapshotPart' || part.dump !== dump.begun.dump) return 'a record is not what its headers say'
      if (part.part < next) continue // An append that was tried twice.
      try {
        loadPart(state, part, wire)
      } catch (error) {
        return `part ${next} makes no sense: ${error instanceof Error ? error.message : String(error)}`
      }
      digest.add(record.value)
      next++
      if (clock.monotonic() - turnedMs < turnMsMax) continue
      await sleep(clock, 0, signal)
      turnedMs = clock.monotonic()
    }
  if (digest.end() !== dump.digest) return 'it is not what was written'
  state.head = loadHead(dump.begun, state.partitions)
  return undefined
}

const isPartOf = ({ begun }: FoundDump, { headers }: StoredRecord): boolean =>
  headers[dumpHeader] === begun.dump && headers.type === 'SnapshotPart'
