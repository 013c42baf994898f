import type { MemoryRows } from './memory-rows.ts'
import type { Snapshot } from './snapshot.ts'

/** What people told operators, and what they are done with. */
export const reportsOf = ({ reports, resolutions }: MemoryRows): Pick<Snapshot, 'reports' | 'reportAt'> => ({
  reports: async (state, before, limit) =>
    [...reports.values()]
      .sort((a, b) => b.at - a.at || b.partition - a.partition || b.pos - a.pos)
      .filter(({ at, partition, pos }) => {
        if (before === undefined) return true
        return (at - before.at || partition - before.partition || pos - before.pos) < 0
      })
      .map((report) => ({ report, resolution: resolutions.get(`${report.partition}|${report.pos}`) }))
      .filter(({ resolution }) => state === 'all' || (state === 'done') === (resolution !== undefined))
      .slice(0, limit),
  reportAt: async (partition, pos) =>
    [...reports.values()].find((report) => report.partition === partition && report.pos === pos),
})
