import type { PlacedEvent } from '@chat/read-models'
import { createMemoryReadModels, type Dump, differencesOf } from '@chat/read-models/memory'
import { decodeEvent, decodeReceipt, murmur2, partitionOfConversation } from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import type { HistoryEvent, Logged } from '../history.ts'
import type { Facts } from './facts.ts'
import { within } from './log-facts.ts'
import { createFound, type Violation } from './violation.ts'

/** I7: PostgreSQL equals the fold of the log, row by row. [G7] A partition at a time: both at once would take twice the memory. */
export const readModelsEqualFold = async ({ history, dumped }: Facts): Promise<readonly Violation[]> => {
  const found = createFound('I7')
  if (!dumped.has('log') || !dumped.has('rows')) return found.violations
  const records = recordsOf(history)
  const rows = rowsOf(history, partitionsOf(records))
  for (const partition of new Set([...records.keys(), ...rows.keys()])) {
    const fold = await foldPartition(partition, records.get(partition) ?? { events: [], receipts: [] })
    const stored = rows.get(partition) ?? emptyDump()
    for (const difference of differencesBetween(stored, fold)) found.add(`partition ${partition}: ${difference}`)
  }
  return found.violations
}

interface PartitionRecords {
  readonly events: Logged[]
  readonly receipts: Logged[]
}

const recordsOf = (history: readonly HistoryEvent[]): ReadonlyMap<number, PartitionRecords> => {
  const records = new Map<number, PartitionRecords>()
  for (const line of history)
    if (line.what === 'logged')
      within(records, line.partition, () => ({ events: [], receipts: [] }))[line.topic].push(line)
  return records
}

/** As the log itself says at its beginning. */
const partitionsOf = (records: ReadonlyMap<number, PartitionRecords>): number => {
  for (const { events } of records.values()) {
    const [opening] = events
    const decoded = decodeEvent(opening?.schema ?? '', Buffer.from(opening?.value ?? '', 'base64'))
    if ('record' in decoded && decoded.record.type === 'LogOpened') return decoded.record.partitions
  }
  return 1
}

type Rows = { [Table in keyof Dump]: Dump[Table][number][] }

const emptyDump = (): Rows => ({
  users: [],
  conversations: [],
  memberships: [],
  standings: [],
  events_read: [],
  message_states: [],
  reactions: [],
  words_by_hour: [],
  receipts: [],
  friendships: [],
  blocks: [],
  reports: [],
  report_resolutions: [],
  dialect_ids: [],
  parked: [],
})

/** A row belongs where its conversation is, or where it says; one that tells neither, to no partition (-1), and differs. */
const rowsOf = (history: readonly HistoryEvent[], partitions: number): ReadonlyMap<number, Rows> => {
  const rows = new Map<number, Rows>()
  for (const line of history) {
    if (line.what !== 'row') continue
    const dump = within(rows, partitionOfRow(line.row, partitions), emptyDump)
    const table: unknown[] = dump[line.table]
    table.push(line.row)
  }
  return rows
}

/** Dumps are compared by so many shares: a line of text for every row of both at once would take more memory than the history. */
const sharesCount = 32

const differencesBetween = (stored: Dump, fold: Dump): readonly string[] => {
  const [ours, theirs] = [sharesOf(stored), sharesOf(fold)]
  return ours.flatMap((share, index) => differencesOf(share, theirs[index] ?? emptyDump()))
}

/** Each row goes where a row of the same key in the other dump goes. */
const sharesOf = (dump: Dump): readonly Rows[] => {
  const shares = Array.from({ length: sharesCount }, emptyDump)
  for (const table of Object.keys(dump) as (keyof Dump)[])
    for (const row of dump[table]) {
      const { id, conversation, seq } = row as {
        readonly id?: unknown
        readonly conversation?: unknown
        readonly seq?: unknown
      }
      const share =
        shares[murmur2(`${id} ${conversation} ${Math.floor(Number(seq ?? 0) / rowsTogether)}`) % sharesCount]
      const rows: unknown[] | undefined = share?.[table]
      rows?.push(row)
    }
  return shares
}

/** Events of one conversation that go to one share: a conversation may have most of all. */
const rowsTogether = 256

const partitionOfRow = (row: object, partitions: number): number => {
  const { partition, conversation } = row as { readonly partition?: unknown; readonly conversation?: unknown }
  if (typeof partition === 'number') return partition
  if (typeof conversation !== 'string') return -1
  return partitionOfConversation(conversation, partitions) ?? -1
}

/** By the read models' own twin in memory: the fold that PostgreSQL must equal is not written twice. */
export const foldPartition = async (partition: number, { events, receipts }: PartitionRecords): Promise<Dump> => {
  const readModels = createMemoryReadModels({ clock: createFakeClock(0), random: createSeededRandom(partition) })
  let from = 0
  for (let index = 0; index < events.length; index += batchMax) {
    const lines = events.slice(index, index + batchMax)
    const nextOffset = (lines.at(-1)?.offset ?? 0) + 1
    const to = { nextOffset, lastPos: -1, chain: '' }
    await readModels.projection.applyEvents({ partition, from, to, events: lines.flatMap(placedEvent) })
    from = nextOffset
  }
  const cursors = receipts.flatMap((line) => {
    const decoded = decodeReceipt(line.schema ?? '', Buffer.from(line.value, 'base64'))
    return 'record' in decoded ? [{ offset: line.offset, receipt: decoded.record }] : []
  })
  const end = (receipts.at(-1)?.offset ?? -1) + 1
  await readModels.projection.applyReceipts({ partition, from: 0, to: end, receipts: cursors })
  return readModels.dump()
}

/** Events that are decoded at once. */
const batchMax = 1000

const placedEvent = (line: Logged): readonly PlacedEvent[] => {
  if (line.pos !== String(line.offset)) return []
  const decoded = decodeEvent(line.schema ?? '', Buffer.from(line.value, 'base64'))
  return 'record' in decoded ? [{ pos: line.offset, event: decoded.record }] : [] // I4 tells of what cannot be decoded.
}
