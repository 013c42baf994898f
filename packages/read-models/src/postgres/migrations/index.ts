import { indexes, tables } from './001-read-models.ts'
import { indexes as messageIndexes, tables as messageTables } from './002-messages.ts'
import * as groups from './003-groups.ts'
import { indexes as relationIndexes, tables as relationTables } from './004-relations.ts'
import { indexes as standingIndexes, tables as standingTables } from './006-profiles-and-standing.ts'
import { indexes as searchIndexes, tables as searchTables } from './007-search.ts'
import { indexes as userSearchIndexes, tables as userSearchTables } from './008-user-search.ts'
import * as reports from './009-reports.ts'
import * as resolutions from './010-report-resolutions.ts'
import * as rooms from './011-online-rooms.ts'
import * as dialectIds from './012-dialect-ids.ts'

export interface Migration {
  readonly version: number
  /** What `indexes` speeds up and constrains; a rebuild fills these first. */
  readonly tables: (schema: string) => string
  readonly indexes: (schema: string) => string
}

/** In order; a published one never changes. */
export const migrations: readonly Migration[] = [
  { version: 1, tables, indexes },
  { version: 2, tables: messageTables, indexes: messageIndexes },
  { version: 3, tables: groups.tables, indexes: groups.indexes },
  { version: 4, tables: relationTables, indexes: relationIndexes },
  { version: 6, tables: standingTables, indexes: standingIndexes },
  { version: 7, tables: searchTables, indexes: searchIndexes },
  { version: 8, tables: userSearchTables, indexes: userSearchIndexes },
  { version: 9, tables: reports.tables, indexes: reports.indexes },
  { version: 10, tables: resolutions.tables, indexes: resolutions.indexes },
  { version: 11, tables: rooms.tables, indexes: rooms.indexes },
  { version: 12, tables: dialectIds.tables, indexes: dialectIds.indexes },
]
