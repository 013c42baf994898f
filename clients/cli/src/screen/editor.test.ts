import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Editor, edited, editorUnitsMax, editorWith, emptyEditor, inserted } from './editor.ts'
import type { Key } from './terminal.ts'

const typing = (text: string): Editor =>
  [...text].reduce((editor, character) => edited(editor, { text: character, name: character }) ?? editor, emptyEditor)
const after = (editor: Editor, ...names: readonly string[]): Editor =>
  names.reduce((before, name) => {
    const key: Key = {
      name: name.replace(/^(ctrl|meta)-/, ''),
      ctrl: name.startsWith('ctrl-'),
      meta: name.startsWith('meta-'),
    }
    return edited(before, key) ?? before
  }, editor)

describe('a line', () => {
  test('takes what is typed where the cursor stands', () => {
    expect(edited(after(typing('ac'), 'left'), { text: 'b', name: 'b' })).toEqual({ text: 'abc', cursor: 2 })
  })

  test.each([
    ['an emoji with a skin', 'a👍🏽', ['backspace'], 'a'],
    ['an accent with its letter', 'xe\u0301', ['backspace'], 'x'],
    ['a character of Chinese', '你好', ['left', 'backspace'], '好'],
    ['what is ahead', '👩‍👧b', ['home', 'delete'], 'b'],
    ['the word before', 'one two', ['ctrl-w'], 'one '],
    ['all before', 'one two', ['left', 'ctrl-u'], 'o'],
    ['all behind', 'one two', ['home', 'right', 'ctrl-k'], 'o'],
    ['nothing in an empty line', '', ['backspace', 'delete', 'ctrl-w'], ''],
  ])('loses %s as a whole', (_, text, keys, left) => {
    expect(after(typing(text), ...keys).text).toBe(left)
  })

  test('has line ends on Alt-Enter', () => {
    expect(after(typing('a'), 'meta-return').text).toBe('a\n')
  })

  test('takes no control characters, and no keys that are none of its own', () => {
    expect(edited(emptyEditor, { text: '\x1b', name: 'escape' })).toBeUndefined()
    expect(edited(emptyEditor, { text: 'x', name: 'x', ctrl: true })).toBeUndefined()
  })

  test('has an end', () => {
    const full = editorWith('x'.repeat(editorUnitsMax))
    expect(inserted(full, 'y')).toEqual(full)
  })

  test('keeps its cursor between characters, whatever is pressed', () => {
    const names = ['left', 'right', 'home', 'end', 'backspace', 'delete', 'ctrl-w', 'ctrl-left', 'ctrl-right', 'meta-d']
    const act = fc.oneof(
      fc.constantFrom(...names).map((name) => (editor: Editor) => after(editor, name)),
      fc
        .constantFrom('a', ' ', '好', '👍', '\u{1f3fd}', '\u0301')
        .map((text) => (editor: Editor) => inserted(editor, text)),
    )
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const { text, cursor } = acts.reduce((editor, next) => next(editor), emptyEditor)
        expect(cursor).toBeGreaterThanOrEqual(0)
        expect(cursor).toBeLessThanOrEqual(text.length)
        expect(text.slice(0, cursor).isWellFormed() && text.slice(cursor).isWellFormed()).toBe(true)
      }),
    )
  })
})
