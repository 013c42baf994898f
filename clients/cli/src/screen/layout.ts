import { columnsOf, fitted, wrapped } from '../text/columns.ts'
import { graphemesOf, safeLine } from '../text/safe-text.ts'
import type { Style } from '../text/style.ts'
import type { Entry } from './entries.ts'
import type { Cell, Frame } from './painter.ts'
import type { Panel, ScreenState } from './screen-state.ts'
import type { Size } from './terminal.ts'

/** What there is to be seen. All text is safe. */
export interface ScreenModel {
  readonly state: ScreenState
  readonly conversations: readonly Listed[]
  /** Of the open conversation: what stands above it, and its entries, the newest first. */
  readonly header: string
  readonly newestFirst: Iterable<Entry>
  /** Whoever is logged in, where, and whether it is connected. */
  readonly footer: string
}

export interface Listed {
  readonly id: string
  readonly title: string
  readonly kind: 'direct' | 'group'
  readonly unread: number
  /** Of the other person of a direct conversation; undefined: it is not known. */
  readonly online: boolean | undefined
}

export interface Layout {
  readonly frame: Frame
  /** Rows of the messages. */
  readonly rows: number
  readonly scrollMax: number
}

/** Below this width there is no list. */
const listFromColumns = 60
const listColumnsMax = 32
/** Header, status and the line that is typed. */
const fixedRows = 3
const prompt = '> '

export const layOut = (model: ScreenModel, size: Size, style: Style): Layout => {
  const columns = Math.max(10, size.columns)
  const rows = Math.max(1, size.rows - fixedRows)
  const listColumns = columns < listFromColumns ? 0 : Math.min(listColumnsMax, Math.floor(columns / 3))
  const left = listColumns === 0 ? 0 : listColumns + 1
  const { panel } = model.state
  const main =
    panel === undefined ? messageRows(model, rows, columns - left, style) : panelRows(panel, rows, columns - left)
  const title = panel === undefined ? model.header : `${panel.title} · Escape: back`
  const list = listColumns === 0 ? [] : listRows(model, rows, listColumns, style)
  const line = inputLine(model.state, columns)
  const cells: readonly Cell[] = [
    { row: 1, column: 1, text: style.inverse(headRow(title, left, columns)) },
    ...Array.from({ length: rows }, (_, i) => bodyCells(i, list, main.lines, { left, columns }, style)).flat(),
    { row: rows + 2, column: 1, text: statusRow(model, columns, style) },
    { row: rows + 3, column: 1, text: line.text },
  ]
  return { frame: { cells, cursor: { row: rows + 3, column: line.column } }, rows, scrollMax: main.scrollMax }
}

const headRow = (title: string, left: number, columns: number): string =>
  left === 0 ? fitted(title, columns) : `${fitted(' Conversations', left)}${fitted(` ${title}`, columns - left)}`

const bodyCells = (
  i: number,
  list: readonly string[],
  lines: readonly string[],
  { left, columns }: { readonly left: number; readonly columns: number },
  style: Style,
): readonly Cell[] => {
  const row = i + 2
  const main = { row, column: left + 1, text: lines[i] ?? ' '.repeat(columns - left) }
  if (left === 0) return [main]
  return [{ row, column: 1, text: list[i] ?? ' '.repeat(left - 1) }, { row, column: left, text: style.dim('│') }, main]
}

/** The part of the list around the open one. */
const listRows = ({ conversations, state }: ScreenModel, rows: number, columns: number, style: Style) => {
  const at = Math.max(
    0,
    conversations.findIndex(({ id }) => id === state.open),
  )
  const first = Math.max(0, Math.min(at - Math.floor(rows / 2), conversations.length - rows))
  return conversations.slice(first, first + rows).map((listed) => {
    const count = listed.unread === 0 ? '' : ` (${listed.unread > 999 ? '999+' : listed.unread})`
    const mark = listed.kind === 'group' ? '#' : listed.online === true ? '●' : '○'
    const name = fitted(listed.title, columns - 3 - columnsOf(count))
    const text = `${name}${count}`
    const shown = listed.id === state.open ? style.inverse(text) : listed.unread > 0 ? style.bold(text) : text
    return ` ${listed.online === true ? style.green(mark) : style.dim(mark)} ${shown}`
  })
}

interface MainRows {
  readonly lines: readonly string[]
  readonly scrollMax: number
}

/** From the newest upwards, only as many as can be scrolled to soon: a long conversation costs no more than a short one. */
const messageRows = ({ newestFirst, state }: ScreenModel, rows: number, columns: number, style: Style): MainRows => {
  const wanted = state.scroll + 3 * rows
  const upwards: string[] = []
  for (const entry of newestFirst) {
    if (upwards.length >= wanted) break
    upwards.push(...entryRows(entry, columns, style).toReversed())
  }
  const scrollMax = Math.max(0, upwards.length - rows)
  const scroll = Math.min(state.scroll, scrollMax)
  const lines = upwards.slice(scroll, scroll + rows).toReversed()
  const blank = ' '.repeat(columns)
  return { lines: [...Array.from({ length: rows - lines.length }, () => blank), ...lines], scrollMax }
}

const indent = '      '

/** Its lines, each as wide as the pane; those behind the first stand below its text. */
const entryRows = (entry: Entry, columns: number, style: Style): readonly string[] => {
  if (entry.kind === 'day') return [style.dim(fitted(`── ${entry.day} ──`, columns))]
  const room = Math.max(1, columns - indent.length)
  const head = entry.kind === 'happening' ? `${entry.label} * ` : `${entry.label} ${entry.name}: `
  const tail = entry.note === '' ? '' : `  ${entry.note}`
  const [first = '', ...rest] = wrapped(`${head}${entry.text}${tail}`, room)
  return [
    `${style.dim(fitted(entry.time, indent.length))}${styledHead(fitted(first, room), entry, style)}`,
    ...rest.map((line) => `${indent}${tinted(fitted(line, room), entry, style)}`),
  ]
}

/** The place dim, the name bold, as far as they are on this line. */
const styledHead = (line: string, entry: Exclude<Entry, { kind: 'day' }>, style: Style): string => {
  const label = `${entry.label} `
  if (entry.kind === 'happening' || !line.startsWith(label)) return tinted(line, entry, style)
  const rest = line.slice(label.length)
  const name = `${entry.name}:`
  if (!rest.startsWith(name)) return `${style.dim(label)}${tinted(rest, entry, style)}`
  return `${style.dim(label)}${style.bold(name)}${tinted(rest.slice(name.length), entry, style)}`
}

const tinted = (line: string, { kind }: Entry, style: Style): string => {
  if (kind === 'failed') return style.red(line)
  return kind === 'message' ? line : style.dim(line)
}

const panelRows = ({ lines, scroll }: Panel, rows: number, columns: number): MainRows => {
  const all = lines.flatMap((line) => wrapped(line, columns - 1)).map((line) => fitted(` ${line}`, columns))
  const scrollMax = Math.max(0, all.length - rows)
  const from = Math.min(scroll, scrollMax)
  const shown = all.slice(from, from + rows)
  return { lines: [...shown, ...Array.from({ length: rows - shown.length }, () => ' '.repeat(columns))], scrollMax }
}

const statusRow = ({ state: { said }, footer }: ScreenModel, columns: number, style: Style): string => {
  if (said === undefined) return style.dim(fitted(`─ ${footer} `, columns))
  const text = fitted(`─ ${said.text}`, columns)
  return said.isError ? style.red(text) : style.bold(text)
}

/** The part of the line around the cursor. */
const inputLine = ({ editor }: ScreenState, columns: number): { readonly text: string; readonly column: number } => {
  const room = columns - prompt.length - 1
  const ahead = graphemesOf(oneLine(editor.text.slice(0, editor.cursor)))
  let start = ahead.length
  let used = 0
  while (start > 0) {
    const next = columnsOf(ahead[start - 1] ?? '')
    if (used + next > room) break
    used += next
    start--
  }
  const visible = `${ahead.slice(start).join('')}${oneLine(editor.text.slice(editor.cursor))}`
  return { text: `${prompt}${fitted(visible, columns - prompt.length)}`, column: prompt.length + used + 1 }
}

const oneLine = (text: string): string => safeLine(text.replaceAll('\n', '⏎'))
