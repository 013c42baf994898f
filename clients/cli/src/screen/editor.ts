import { graphemesOf } from '../text/safe-text.ts'
import type { Key } from './terminal.ts'

/** The line that is being typed. It may hold line ends; the cursor stands between characters as people see them. */
export interface Editor {
  readonly text: string
  /** In UTF-16 units, where a grapheme begins. */
  readonly cursor: number
}

export const emptyEditor: Editor = { text: '', cursor: 0 }

/** More than a message may have: what is beyond is not taken. */
export const editorUnitsMax = 8_000

export const editorWith = (text: string): Editor => ({ text, cursor: text.length })

/** What a key does to it; undefined: the key is none of its own. */
export const edited = (editor: Editor, key: Key): Editor | undefined => {
  const { name, ctrl, meta, text } = key
  const act = actions[`${ctrl ? 'ctrl-' : ''}${meta ? 'meta-' : ''}${name ?? ''}`]
  if (act !== undefined) return act(editor)
  if (ctrl || meta || text === undefined) return undefined
  return isTyped(text) ? inserted(editor, text) : undefined
}

export const inserted = ({ text, cursor }: Editor, added: string): Editor => {
  if (text.length + added.length > editorUnitsMax) return { text, cursor }
  return { text: text.slice(0, cursor) + added + text.slice(cursor), cursor: cursor + added.length }
}

const isTyped = (text: string): boolean => text !== '' && !/[\p{Cc}\p{Cs}]/u.test(text)

const before = ({ text, cursor }: Editor): number => cursor - (graphemesOf(text.slice(0, cursor)).at(-1)?.length ?? 0)
const behind = ({ text, cursor }: Editor): number => cursor + (graphemesOf(text.slice(cursor))[0]?.length ?? 0)
const wordBefore = ({ text, cursor }: Editor): number => text.slice(0, cursor).search(/\S+\s*$/)
const wordBehind = ({ text, cursor }: Editor): number =>
  cursor + (/^\s*\S+/.exec(text.slice(cursor))?.[0].length ?? text.length - cursor)

const moved = (where: (editor: Editor) => number) => (editor: Editor) => ({
  ...editor,
  cursor: Math.max(0, where(editor)),
})

/** Without what lies between the cursor and `where`. */
const cut = (where: (editor: Editor) => number) => (editor: Editor) => {
  const to = Math.max(0, where(editor))
  const [from, end] = [Math.min(editor.cursor, to), Math.max(editor.cursor, to)]
  return { text: editor.text.slice(0, from) + editor.text.slice(end), cursor: from }
}

const start = () => 0
const end = ({ text }: Editor) => text.length

const actions: Readonly<Record<string, (editor: Editor) => Editor>> = {
  left: moved(before),
  right: moved(behind),
  home: moved(start),
  end: moved(end),
  'ctrl-a': moved(start),
  'ctrl-e': moved(end),
  'ctrl-b': moved(before),
  'ctrl-f': moved(behind),
  'ctrl-left': moved(wordBefore),
  'ctrl-right': moved(wordBehind),
  'meta-b': moved(wordBefore),
  'meta-f': moved(wordBehind),
  backspace: cut(before),
  'ctrl-h': cut(before),
  delete: cut(behind),
  'ctrl-w': cut(wordBefore),
  'meta-backspace': cut(wordBefore),
  'meta-d': cut(wordBehind),
  'ctrl-u': cut(start),
  'ctrl-k': cut(end),
  'meta-return': (editor) => inserted(editor, '\n'),
  'meta-enter': (editor) => inserted(editor, '\n'),
}
