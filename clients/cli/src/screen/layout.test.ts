import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnsOf } from '../text/columns.ts'
import { safeLine } from '../text/safe-text.ts'
import { createStyle } from '../text/style.ts'
import { editorWith } from './editor.ts'
import type { Entry } from './entries.ts'
import { layOut, type ScreenModel } from './layout.ts'
import { createPainter } from './painter.ts'
import { initialState } from './screen-state.ts'

const message = (seq: number, text: string): Entry => ({
  ...{ kind: 'message', time: '06:12', label: String(seq), name: 'ann', text, note: '' },
})
const model = (more: Partial<ScreenModel> = {}): ScreenModel => ({
  state: { ...initialState, open: 'g1' },
  conversations: [
    { id: 'g1', title: 'Tea', kind: 'group', unread: 0, online: undefined },
    { id: 'd1.2', title: '你好吗', kind: 'direct', unread: 12, online: true },
    { id: 'd1.3', title: 'eve', kind: 'direct', unread: 0, online: false },
  ],
  header: 'Tea · g1',
  newestFirst: [message(3, '好的 👍🏽'), message(2, 'one\ntwo'), message(1, 'hello')],
  footer: 'ann · connected',
  ...more,
})

/** As a terminal of that size would show it, without colours. */
const screen = (shown: ScreenModel, columns: number, rows: number, hasColours = false): readonly string[] => {
  const { frame } = layOut(shown, { columns, rows }, createStyle(hasColours))
  return Array.from({ length: rows }, (_, i) =>
    frame.cells
      .filter(({ row }) => row === i + 1)
      .map(({ text }) => stripVTControlCharacters(text))
      .join(''),
  )
}

describe('the screen', () => {
  test('has conversations, messages, a status and a line to type', () => {
    expect(screen(model(), 60, 9).map((line) => line.trimEnd())).toEqual([
      ' Conversations        Tea · g1',
      ' # Tea              │',
      ' ● 你好吗       (12)│',
      ' ○ eve              │06:12 1 ann: hello',
      '                    │06:12 2 ann: one',
      '                    │      two',
      '                    │06:12 3 ann: 好的 👍🏽',
      '─ ann · connected',
      '>',
    ])
  })

  test('has no list when it is narrow', () => {
    expect(screen(model(), 40, 6).map((line) => line.trimEnd())).toEqual([
      'Tea · g1',
      '06:12 2 ann: one',
      '      two',
      '06:12 3 ann: 好的 👍🏽',
      '─ ann · connected',
      '>',
    ])
  })

  test('shows what is above when it is scrolled, and no more than there is', () => {
    const scrolled = (scroll: number) =>
      screen(model({ state: { ...initialState, open: 'g1', scroll } }), 40, 5)
        .map((line) => line.trimEnd())
        .slice(1, 3)
    expect(scrolled(1)).toEqual(['06:12 2 ann: one', '      two'])
    expect(scrolled(99)).toEqual(['06:12 1 ann: hello', '06:12 2 ann: one'])
  })

  test('shows a panel instead of messages', () => {
    const state = { ...initialState, panel: { title: 'stats', lines: ['a', 'b', 'c'], scroll: 1 } }
    expect(screen(model({ state }), 40, 5).map((line) => line.trimEnd())).toEqual([
      'stats · Escape: back',
      ' b',
      ' c',
      '─ ann · connected',
      '>',
    ])
  })

  test('shows the end of a line that is longer than it, where the cursor is', () => {
    const state = { ...initialState, editor: editorWith(`${'好'.repeat(30)}end`) }
    const { frame } = layOut(model({ state }), { columns: 20, rows: 6 }, createStyle(false))
    expect(frame.cells.at(-1)?.text.trimEnd()).toMatch(/^> 好+end$/)
    expect(frame.cursor.column).toBeLessThanOrEqual(20)
  })

  test('every row is exactly as wide as the terminal, whatever was written in it', () => {
    const text = fc.string({ unit: 'binary', maxLength: 80 }).map(safeLine)
    fc.assert(
      fc.property(text, fc.integer({ min: 10, max: 130 }), fc.integer({ min: 4, max: 20 }), (said, columns, rows) => {
        const shown = model({ header: said, footer: said, newestFirst: [message(1, said), message(2, 'x')] })
        for (const hasColours of [false, true])
          for (const line of screen(shown, columns, rows, hasColours)) {
            // A mark at the beginning of a piece joins what stands before it: it may take a column less.
            expect(columnsOf(line)).toBeLessThanOrEqual(columns)
          }
      }),
    )
  })
})

describe('the painter', () => {
  const cells = [
    { row: 1, column: 1, text: 'left' },
    { row: 1, column: 6, text: 'right' },
    { row: 2, column: 1, text: 'below' },
  ]
  const cursor = { row: 2, column: 6 }

  test('draws everything once, then the rows that changed, each piece at its place', () => {
    const painter = createPainter()
    expect(painter.paint({ cells, cursor })).toContain('\x1b[2J')
    const again = painter.paint({ cells, cursor })
    expect(again).not.toMatch(/left|below|\[2J/)
    const changed = painter.paint({ cells: [{ row: 1, column: 1, text: 'LEFT' }, ...cells.slice(1)], cursor })
    expect(changed).toContain('\x1b[1;1H\x1b[0mLEFT\x1b[0m\x1b[1;6H\x1b[0mright')
    expect(changed).not.toContain('below')
    painter.forget()
    expect(painter.paint({ cells, cursor })).toContain('below')
  })
})
