import { type Editor, edited, editorWith, emptyEditor, inserted } from './editor.ts'
import type { Key } from './terminal.ts'

/** What a person does with the screen. Pure: `pressed` says what a key makes of it and what is to be done. */
export interface ScreenState {
  /** The open conversation. */
  readonly open?: string
  readonly editor: Editor
  /** Rows that the messages are scrolled up. */
  readonly scroll: number
  /** What a command printed, over the messages, until Escape. */
  readonly panel?: Panel
  /** The last word about what was done, until the next key. */
  readonly said?: Said
  readonly isPasting: boolean
  /** Lines that were entered, the newest last. */
  readonly entered: readonly string[]
  /** Which of them is shown, from the end; 0: none. */
  readonly recalled: number
}

export interface Panel {
  readonly title: string
  readonly lines: readonly string[]
  readonly scroll: number
}

interface Said {
  readonly text: string
  readonly isError: boolean
}

export type Effect =
  | { readonly type: 'send'; readonly conversation: string; readonly text: string }
  /** A line that began with a slash, without it. */
  | { readonly type: 'command'; readonly line: string }
  | { readonly type: 'opened'; readonly conversation: string }
  | { readonly type: 'typing'; readonly conversation: string }
  /** Read what is before the first message held. */
  | { readonly type: 'earlier'; readonly conversation: string }
  | { readonly type: 'redraw' }
  | { readonly type: 'quit' }

export interface Step {
  readonly state: ScreenState
  readonly effects: readonly Effect[]
}

/** What a key is about beside the state. */
export interface Surrounding {
  /** The conversations as they are listed. */
  readonly listed: readonly { readonly id: string; readonly unread: number }[]
  /** Rows of the messages. */
  readonly rows: number
  /** How far messages and panel can be scrolled. */
  readonly scrollMax: number
}

export const initialState: ScreenState = { editor: emptyEditor, scroll: 0, isPasting: false, entered: [], recalled: 0 }

const enteredMax = 100

export const pressed = (before: ScreenState, key: Key, around: Surrounding): Step => {
  const { said: _, ...state } = before
  if (key.name === 'paste-start' || key.name === 'paste-end')
    return only({ ...state, isPasting: key.name === 'paste-start' })
  if (isEnter(key)) return state.isPasting ? only(typedInto(state, '\n')) : entered(state)
  if (state.isPasting)
    return only(key.text === undefined ? state : typedInto(state, key.text === '\t' ? ' ' : key.text))
  return special(state, key, around) ?? typed(state, key) ?? afterEscape(state, key, around) ?? only(state)
}

/** A terminal sends Escape and a key that follows it at once like one key with Alt: what nothing else is meant by was two keys. */
const afterEscape = (state: ScreenState, { meta, sequence = '' }: Key, around: Surrounding): Step | undefined => {
  const [first, text = ''] = [...sequence]
  if (!meta || first !== '\x1b' || text === '' || /\p{C}/u.test(text)) return undefined
  return pressed(pressed(state, { name: 'escape' }, around).state, { text, sequence: text }, around)
}

const only = (state: ScreenState): Step => ({ state, effects: [] })
const isEnter = ({ name, meta, ctrl }: Key): boolean => (name === 'return' || name === 'enter') && !meta && !ctrl
const typedInto = (state: ScreenState, text: string): ScreenState => ({
  ...state,
  editor: /^[^\p{Cc}\p{Cs}]*$|^\n$/u.test(text) ? inserted(state.editor, text) : state.editor,
})

const typed = (state: ScreenState, key: Key): Step | undefined => {
  const editor = edited(state.editor, key)
  if (editor === undefined) return undefined
  const next = { ...state, editor, recalled: 0 }
  const isMessage = editor.text !== '' && !editor.text.startsWith('/') && editor.text !== state.editor.text
  if (state.open === undefined || !isMessage) return only(next)
  return { state: next, effects: [{ type: 'typing', conversation: state.open }] }
}

const entered = (state: ScreenState): Step => {
  const { text } = state.editor
  const { panel: _, ...rest } = state
  if (text.trim() === '') return only({ ...rest, editor: emptyEditor })
  const done: ScreenState = {
    ...rest,
    editor: emptyEditor,
    scroll: 0,
    entered: [...state.entered, text].slice(-enteredMax),
    recalled: 0,
  }
  // Two slashes are a message that begins with one.
  if (text.startsWith('/') && !text.startsWith('//'))
    return { state: done, effects: [{ type: 'command', line: text.slice(1) }] }
  if (state.open === undefined)
    return only({ ...state, said: { text: 'no conversation is open: Tab, or /open NAME', isError: true } })
  const message = text.startsWith('//') ? text.slice(1) : text
  return { state: done, effects: [{ type: 'send', conversation: state.open, text: message }] }
}

const special = (state: ScreenState, key: Key, around: Surrounding): Step | undefined => {
  switch (`${key.ctrl ? 'ctrl-' : ''}${key.meta ? 'meta-' : ''}${key.shift ? 'shift-' : ''}${key.name ?? ''}`) {
    case 'ctrl-c':
      return state.editor.text === '' ? { state, effects: [{ type: 'quit' }] } : only({ ...state, editor: emptyEditor })
    case 'ctrl-d':
      return state.editor.text === '' ? { state, effects: [{ type: 'quit' }] } : undefined
    case 'ctrl-l':
      return { state, effects: [{ type: 'redraw' }] }
    case 'tab':
    case 'ctrl-n':
    case 'meta-down':
      return turned(state, around, 1)
    case 'shift-tab':
    case 'ctrl-p':
    case 'meta-up':
      return turned(state, around, -1)
    case 'meta-a':
      return nextUnread(state, around)
    case 'pageup':
      return scrolled(state, around, Math.max(1, around.rows - 2))
    case 'pagedown':
      return scrolled(state, around, -Math.max(1, around.rows - 2))
    case 'up':
      return only(recalled(state, 1))
    case 'down':
      return only(recalled(state, -1))
    case 'escape':
    case 'meta-escape': {
      const { panel, ...rest } = state
      return only(panel === undefined ? { ...rest, scroll: 0 } : rest)
    }
    default:
      return undefined
  }
}

export const opened = ({ panel: _, ...state }: ScreenState, conversation: string): Step => ({
  state: { ...state, open: conversation, scroll: 0 },
  effects: [{ type: 'opened', conversation }],
})

const turned = (state: ScreenState, { listed }: Surrounding, by: 1 | -1): Step => {
  if (listed.length === 0) return only(state)
  const at = listed.findIndex(({ id }) => id === state.open)
  const next = at < 0 ? (by > 0 ? 0 : listed.length - 1) : (at + by + listed.length) % listed.length
  return opened(state, listed[next]?.id ?? '')
}

const nextUnread = (state: ScreenState, { listed }: Surrounding): Step => {
  const found = listed.find(({ id, unread }) => unread > 0 && id !== state.open)
  if (found === undefined) return only({ ...state, said: { text: 'all is read', isError: false } })
  return opened(state, found.id)
}

const scrolled = (state: ScreenState, { scrollMax }: Surrounding, by: number): Step => {
  const bounded = (scroll: number) => Math.max(0, Math.min(scrollMax, scroll + by))
  if (state.panel !== undefined)
    return only({
      ...state,
      panel: { ...state.panel, scroll: Math.max(0, Math.min(scrollMax, state.panel.scroll - by)) },
    })
  const isBeyond = state.scroll + by > scrollMax && state.open !== undefined
  const effects: readonly Effect[] = isBeyond ? [{ type: 'earlier', conversation: state.open ?? '' }] : []
  return { state: { ...state, scroll: bounded(state.scroll) }, effects }
}

const recalled = (state: ScreenState, by: 1 | -1): ScreenState => {
  const next = Math.max(0, Math.min(state.entered.length, state.recalled + by))
  if (next === state.recalled) return state
  return { ...state, recalled: next, editor: next === 0 ? emptyEditor : editorWith(state.entered.at(-next) ?? '') }
}
