import { Fault } from '@chat/runtime'
import { chainStart } from '@chat/schemas'
import { tables } from '../dump.ts'
import { emptyFold, foldEvents, foldReceipts, noRows } from '../fold.ts'
import type { PartitionLoad, ProjectionOffset } from '../index.ts'
import { wordsOfHourMax } from '../popular-words.ts'
import type { StoredReceipt } from '../receipts.ts'
import type { Table } from '../table.ts'
import { copyStatement, createLineEncoder } from './copy.ts'
import type { Database, Transaction } from './database.ts'
import { readNote } from './schemas.ts'
import { createWriter } from './writer.ts'

/** Rows of one message of a copy. */
const copyRows = 2_000
/** Rows of words that wait for the end of their hour; more than an hour has, so that writing them makes room. */
const keptWordsMax = 4 * wordsOfHourMax

const encodeEvent = createLineEncoder(tables.events_read)

/**
 * One partition from offset 0 into tables without indexes, in one transaction. Events go straight into their table; rows that change
 * with every event are kept and written once, at the end. [G7] Throws Fault `rebuild_lost` when the schema has not this note.
 */
export const loadPartition = (
  database: Database,
  { schema, note }: { readonly schema: string; readonly note: string },
  partition: number,
  read: (load: PartitionLoad) => Promise<void>,
): Promise<void> =>
  database.transaction('write', async (session) => {
    const [state, rows] = [emptyFold(), noRows()]
    const receipts = new Map<string, StoredReceipt>()
    const reached: { events?: ProjectionOffset; receipts?: ProjectionOffset } = {}
    // Until the commit nobody can put other tables here, which would be another run's.
    await session.run(`lock table ${schema}.events_read in row exclusive mode`)
    if ((await readNote(session, schema)) !== note)
      throw new Fault('rebuild_lost', 'another run has begun', { isRetryable: false })
    const write = createBulkWriter(session, schema)
    const openEvents = () => session.copy(copyStatement(tables.events_read, schema))
    let copy = openEvents()
    /** Words of hours that are over do not change any more, and years of them would fill the memory. */
    const writeWords = async (newest: number) => {
      await copy.end()
      const over = [...rows.words_by_hour.values()].filter(({ hour }) => hour < newest)
      await write(tables.words_by_hour, over)
      for (const { hour, word } of over) rows.words_by_hour.delete(`${hour} ${word}`)
      copy = openEvents()
    }
    try {
      await read({
        events: async (batch) => {
          const folded = foldEvents(batch, state, { ...rows, events_read: [], failed: [] })
          reached.events = batch.to
          await copy.write(folded.events_read.map(encodeEvent).join(''))
          if (rows.words_by_hour.size > keptWordsMax) await writeWords(state.words?.hour ?? 0)
          return folded.failed
        },
        receipts: (batch) => {
          for (const [key, row] of foldReceipts(partition, batch.receipts, receipts)) receipts.set(key, row)
          reached.receipts = { nextOffset: batch.to, lastPos: -1, chain: chainStart }
        },
      })
      await copy.end()
    } catch (error) {
      await copy.abort()
      throw error
    }
    await write(tables.users, rows.users.values())
    await write(tables.conversations, rows.conversations.values())
    await write(tables.memberships, rows.memberships.values())
    await write(tables.friendships, rows.friendships.values())
    await write(tables.blocks, rows.blocks.values())
    await write(tables.message_states, rows.message_states.values())
    await write(tables.reactions, rows.reactions.values())
    await write(tables.reports, rows.reports.values())
    await write(tables.report_resolutions, rows.report_resolutions.values())
    await write(tables.dialect_ids, rows.dialect_ids.values())
    await write(tables.standings, rows.standings.values())
    await write(tables.words_by_hour, rows.words_by_hour.values())
    await write(tables.parked, rows.parked.values())
    await write(tables.receipts, receipts.values())
    const { moveOffset } = createWriter(schema)
    for (const source of ['events', 'receipts'] as const) {
      const to = reached[source]
      if (to !== undefined) await moveOffset(session, source, partition, 0, to)
    }
  })

const createBulkWriter =
  (session: Transaction, schema: string) =>
  async <Row>(table: Table<Row>, rows: Iterable<Row>): Promise<void> => {
    const copy = session.copy(copyStatement(table, schema))
    const encode = createLineEncoder(table)
    try {
      let lines: string[] = []
      for (const row of rows) {
        lines.push(encode(row))
        if (lines.length < copyRows) continue
        await copy.write(lines.join(''))
        lines = []
      }
      await copy.write(lines.join(''))
      await copy.end()
    } catch (error) {
      await copy.abort()
      throw error
    }
  }
