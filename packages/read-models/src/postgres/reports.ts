import type { ReportState } from '../account.ts'
import { resolutions, type StoredResolution } from '../report-resolutions.ts'
import { reports, type StoredReport } from '../reports.ts'
import type { Snapshot } from '../snapshot.ts'
import type { Session } from './database.ts'
import { read } from './names.ts'
import { asJson, list } from './rows.ts'

/** What people told operators, and what they are done with. */
export const createReports = (session: Session): Pick<Snapshot, 'reports' | 'reportAt'> => ({
  reports: async (state, before, limit) => {
    const found =
      before === undefined
        ? await session.rows<ReportEnd>(selectReports(state, ''), [limit])
        : await session.rows<ReportEnd>(selectReports(state, 'and (r.at, r.partition, r.pos) < ($2, $3, $4)'), [
            ...[limit, before.at, before.partition, before.pos],
          ])
    return found.map(({ resolution, ...report }) => ({ report, resolution: resolution ?? undefined }))
  },
  reportAt: async (partition, pos) => {
    const [found] = await session.rows<StoredReport>(reportAt, [partition, pos])
    return found
  },
})

type ReportEnd = StoredReport & { readonly resolution: StoredResolution | null }

const states: Readonly<Record<ReportState, string>> = {
  all: 'true',
  open: 'd.report is null',
  done: 'd.report is not null',
}

const selectReports = (state: ReportState, isBefore: string): string => `
  select ${list(reports, 'r')}, case when d.report is null then null else ${asJson(resolutions, 'd')} end as resolution
  from ${read.reports} r left join ${read.resolutions} d on d.partition = r.partition and d.report = r.pos
  where ${states[state]} ${isBefore} order by r.at desc, r.partition desc, r.pos desc limit $1`

const reportAt = `select ${list(reports, 'r')} from ${read.reports} r where r.partition = $1 and r.pos = $2`
