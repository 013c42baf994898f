import type { LogEvent } from '@chat/schemas'
import type { Place } from './place.ts'
import type { Table } from './table.ts'

/** One row for each report that an operator is done with. Whoever reports the same message again makes another report. */
export interface StoredResolution {
  readonly partition: number
  /** The place of the report in its partition. */
  readonly report: number
  readonly conversation: string
  /** The operator who was done with it last. */
  readonly user_id: number
  /** ms since the epoch. */
  readonly at: number
  readonly pos: number
}

export const resolutions: Table<StoredResolution> = {
  name: 'report_resolutions',
  key: ['partition', 'report'],
  columns: {
    partition: 'integer',
    report: 'bigint',
    conversation: 'text',
    user_id: 'integer',
    at: 'bigint',
    pos: 'bigint',
  },
}

export const projectResolution = (event: LogEvent, { partition, pos }: Place): StoredResolution | undefined => {
  if (event.type !== 'ReportResolved') return undefined
  const { report, conversation, actor: user_id, at } = event
  return { partition, report, conversation, user_id, at, pos }
}
