import { chainOf, chainStart, createEncoder, decodeEvent, type LogEvent, localSchemaIds } from '@chat/schemas'
import type { HistoryEvent, Logged } from '../../history.ts'

type What = HistoryEvent['what']
export type LineOf<W extends What> = Extract<HistoryEvent, { readonly what: W }>

/** A clean history on its way to a bad one. Every pick is of what is there; a story that has none is no place for the fault. */
export interface Draft {
  readonly lines: HistoryEvent[]
  /** Lines of a kind that fit, in order. */
  all<W extends What>(what: W, fits?: (line: LineOf<W>) => boolean): LineOf<W>[]
  /** One of them by chance. Throws when there is none. */
  one<W extends What>(what: W, fits?: (line: LineOf<W>) => boolean): LineOf<W>
  replace(line: HistoryEvent, ...by: readonly HistoryEvent[]): void
  remove(...lines: readonly HistoryEvent[]): void
  /** Right after another line, at its time. */
  insertAfter(line: HistoryEvent, ...added: readonly HistoryEvent[]): void
}

export const createDraft = (clean: readonly HistoryEvent[], fraction: () => number): Draft => {
  const lines = [...clean]
  const indexOf = (line: HistoryEvent): number => {
    const index = lines.indexOf(line)
    if (index === -1) throw new Error(`no such ${line.what}`)
    return index
  }
  const all = <W extends What>(what: W, fits: (line: LineOf<W>) => boolean = () => true): LineOf<W>[] =>
    lines.filter((line): line is LineOf<W> => line.what === what && fits(line as LineOf<W>))
  return {
    lines,
    all,
    one: (what, fits) => {
      const fitting = all(what, fits)
      const line = fitting[Math.floor(fraction() * fitting.length)]
      if (line === undefined) throw new Error(`no ${what} fits`)
      return line
    },
    replace: (line, ...by) => void lines.splice(indexOf(line), 1, ...by),
    remove: (...removed) => {
      for (const line of removed) lines.splice(indexOf(line), 1)
    },
    insertAfter: (line, ...added) =>
      void lines.splice(indexOf(line) + 1, 0, ...added.map((event) => ({ ...event, at: line.at }))),
  }
}

/** The dumps say how many lines they have: a system that lost a row dumps one less. */
export const recount = (lines: readonly HistoryEvent[]): readonly HistoryEvent[] => {
  const sources = { log: 'logged', rows: 'row', devices: 'deviceState', histories: 'userHistory' } as const
  return lines.map((line) =>
    line.what === 'dumped'
      ? { ...line, count: lines.filter(({ what }) => what === sources[line.source]).length }
      : line,
  )
}

export const eventOf = (line: Logged): LogEvent => {
  const decoded = decodeEvent(line.schema ?? '', Buffer.from(line.value, 'base64'))
  if ('record' in decoded) return decoded.record
  throw new Error(decoded.detail)
}

const encoder = createEncoder(localSchemaIds)

/** The same record with another event in it. */
export const withEvent = (line: Logged, event: LogEvent): Logged => {
  const { schema, value } = encoder.encode(event)
  return { ...line, type: event.type, schema, value: value.toString('base64') }
}

/** Stamps the partition's events anew, as a writer would that means what stands there now. */
export const restamp = (draft: Draft, partition: number): void => {
  let chain = chainStart
  let offset = 0
  for (const [index, line] of draft.lines.entries()) {
    if (line.what !== 'logged' || line.topic !== 'events' || line.partition !== partition) continue
    const value = Buffer.from(line.value, 'base64')
    chain = chainOf(chain, { pos: offset, type: line.type ?? '', cmd: Number(line.cmd), value })
    draft.lines[index] = { ...line, offset, pos: String(offset), chain }
    offset++
  }
}
