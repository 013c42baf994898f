import type { HistoryEvent, SeenEvent } from '../history.ts'

/** An event on its way to a device, by push or on a page. */
export type VisitSeen = (
  seen: SeenEvent,
  on: {
    readonly what: 'pushed' | 'paged'
    readonly at: number
    readonly device: string
    readonly conversation: string
    /** Of a page: what it answers for. */
    readonly to?: number
  },
  /** Index of the line in the history. */
  index: number,
) => void

export const eachSeen = (history: readonly HistoryEvent[], visit: VisitSeen): void => {
  for (let index = 0; index < history.length; index++) {
    const line = history[index]
    if (line?.what === 'pushed') visit(line, line, index)
    else if (line?.what === 'paged') for (const event of line.events) visit(event, line, index)
  }
}
