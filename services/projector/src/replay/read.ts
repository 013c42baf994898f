import { type EventLog, isValid, type StoredRecord } from '@chat/event-log'
import type { ProjectionOffset } from '@chat/read-models'
import { Fault } from '@chat/runtime'
import { chainStart, type LogEvent, type Topic, type Topics } from '@chat/schemas'
import { batchesOf, readEvents } from '../batch.ts'
import { checkPlace } from '../place.ts'
import type { Selection } from './request.ts'

export interface ReplayPorts {
  readonly log: EventLog
  readonly topics: Topics
}

/** A valid event and the record it came in. */
export interface FoundEvent {
  readonly partition: number
  readonly pos: number
  readonly record: StoredRecord
  readonly event: LogEvent
}

/** A valid event that cannot be told, or a place behind which nothing can. */
interface Trouble {
  readonly partition: number
  readonly pos: number
  readonly reason: 'unreadable_event' | 'unknown_type' | 'log_cut'
  readonly detail: string
}

/** Some records on, at most a batch. */
export interface Stretch {
  readonly found: readonly FoundEvent[]
  readonly troubles: readonly Trouble[]
  readonly records: number
  readonly invalid: number
}

/** One partition's part of a replay. */
export interface Range {
  readonly partition: number
  readonly from: number
  /** Exclusive. */
  readonly to: number
  /** The last event that an interrupted replay told, and its chain. */
  readonly told: Told | undefined
}

export interface Told {
  readonly pos: number
  readonly chain: string
}

/** What is to be read, by the ends that the log has now. */
export const rangesOf = async (
  { log, topics }: ReplayPorts,
  selection: Selection,
  told: ReadonlyMap<number, Told>,
): Promise<readonly Range[]> => {
  const ends = await log.ends(topics.events)
  const ranges = [...ends].map(([partition, end]) => {
    const last = told.get(partition)
    const from = Math.max(selection.fromPos, last === undefined ? 0 : last.pos + 1)
    return { partition, from, to: Math.min(selection.toPos ?? end, end), told: last }
  })
  return ranges
    .filter(({ partition }) => selection.partition === undefined || partition === selection.partition)
    .toSorted((a, b) => a.partition - b.partition)
}

/**
 * The events of `range` that are meant, in order. [G8] A record counts if and only if it stands where its writer believed; each valid one
 * is chained to the one before. What cannot be decoded is told as a trouble and passed; a chain that breaks ends the range there. Throws
 * Fault `log_cut` when the log is not the one that an interrupted replay read, and the signal's reason when it is aborted.
 */
export async function* readRange(
  { log, topics }: ReplayPorts,
  selection: Selection,
  range: Range,
  signal: AbortSignal,
): AsyncGenerator<Stretch, void, undefined> {
  const { partition, from, to, told } = range
  if (from >= to && told === undefined) return
  let place = await placeBefore(log, topics.events, range, signal)
  const halt = await checkPlace(log, topics.events, partition, place, signal)
  if (halt !== undefined) throw new Fault(halt.reason, halt.detail, { isRetryable: false })
  for await (const records of log.read(topics.events, partition, from, to, signal))
    for (const part of batchesOf(records)) {
      const read = readPart(partition, place, part)
      place = read.place
      yield {
        found: read.found.filter(({ event }) => isMeant(selection, event)),
        troubles: read.troubles.filter((trouble) => isToTell(selection, trouble, part)),
        records: part.length,
        invalid: part.filter((record) => !isValid(record)).length,
      }
      if (read.isCut) return
    }
}

/** Records read at once to find the event before a place; doubled until one is found. */
const lookBackRecords = 64

/** Where reading goes on at `from`: the last valid event before it, to which the next one is chained. */
const placeBefore = async (
  log: EventLog,
  events: Topic,
  { partition, from, told }: Range,
  signal: AbortSignal,
): Promise<ProjectionOffset> => {
  if (told?.pos === from - 1) return { nextOffset: from, lastPos: told.pos, chain: told.chain }
  for (let back = lookBackRecords, to = from; to > 0; back *= 2) {
    const start = Math.max(0, to - back)
    let last: StoredRecord | undefined
    for await (const records of log.read(events, partition, start, to, signal)) last = records.findLast(isValid) ?? last
    if (last !== undefined) return { nextOffset: from, lastPos: last.offset, chain: last.headers.chain ?? '' }
    to = start
  }
  return { nextOffset: from, lastPos: -1, chain: chainStart }
}

interface Part {
  readonly place: ProjectionOffset
  readonly found: readonly FoundEvent[]
  readonly troubles: readonly Trouble[]
  readonly isCut: boolean
}

/** The projector's reading, except that it goes on behind an event that cannot be read. Pure. */
const readPart = (partition: number, start: ProjectionOffset, part: readonly StoredRecord[]): Part => {
  const found: FoundEvent[] = []
  const troubles: Trouble[] = []
  let place = start
  for (let rest = part; rest.length > 0; ) {
    const { batch, halt } = readEvents(partition, place, rest)
    const passed = rest.slice(0, batch.to.nextOffset - batch.from)
    const decoded = new Map(batch.events.map(({ pos, event }) => [pos, event]))
    for (const record of passed.filter(isValid)) {
      const [pos, event] = [record.offset, decoded.get(record.offset)]
      if (event !== undefined) found.push({ partition, pos, record, event })
      else {
        const detail = `an ignorable event that this build does not know: ${record.headers.schema}`
        troubles.push({ partition, pos, reason: 'unknown_type', detail })
      }
    }
    place = batch.to
    const stopped = rest[passed.length]
    if (halt === undefined || stopped === undefined) break
    troubles.push({ partition, pos: stopped.offset, reason: halt.reason, detail: halt.detail })
    if (halt.reason === 'log_cut') return { place, found, troubles, isCut: true }
    place = { nextOffset: stopped.offset + 1, lastPos: stopped.offset, chain: stopped.headers.chain ?? '' }
    rest = rest.slice(passed.length + 1)
  }
  return { place, found, troubles, isCut: false }
}

const isMeant = (selection: Selection, event: LogEvent): boolean => {
  const { types, conversation, fromMs, toMs } = selection
  if (types !== undefined && !types.has(event.type)) return false
  if (conversation !== undefined && !('conversation' in event && event.conversation === conversation)) return false
  return event.at >= (fromMs ?? event.at) && (toMs === undefined || event.at < toMs)
}

/** Of an event that cannot be read only the type is known: whether its time or conversation are meant is not. */
const isToTell = ({ types }: Selection, { pos, reason }: Trouble, part: readonly StoredRecord[]): boolean => {
  const type = part.find(({ offset }) => offset === pos)?.headers.type ?? ''
  return reason === 'log_cut' || types === undefined || types.has(type)
}
