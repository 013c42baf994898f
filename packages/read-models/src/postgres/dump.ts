import { type Dump, tables } from '../dump.ts'
import { columnsOf, type Table } from '../table.ts'
import type { Database } from './database.ts'
import { liveSchema } from './migrate.ts'

/** Every row, as of one moment. For tests and small databases: it is all held in memory. */
export const dumpDatabase = (database: Database, schema = liveSchema): Promise<Dump> =>
  database.transaction('read', async (session) => {
    const read = <Row>(table: Table<Row>) =>
      session.rows<Row>(`select ${columnsOf(table).join(', ')} from ${schema}.${table.name}`)
    return {
      users: await read(tables.users),
      conversations: await read(tables.conversations),
      memberships: await read(tables.memberships),
      standings: await read(tables.standings),
      events_read: await read(tables.events_read),
      message_states: await read(tables.message_states),
      reactions: await read(tables.reactions),
      words_by_hour: await read(tables.words_by_hour),
      receipts: await read(tables.receipts),
      friendships: await read(tables.friendships),
      blocks: await read(tables.blocks),
      reports: await read(tables.reports),
      report_resolutions: await read(tables.report_resolutions),
      dialect_ids: await read(tables.dialect_ids),
      parked: await read(tables.parked),
    }
  })
