import { describe, expect, test } from 'vitest'
import { editorWith } from './editor.ts'
import { initialState, pressed, type ScreenState, type Surrounding } from './screen-state.ts'
import type { Key } from './terminal.ts'

const around: Surrounding = {
  listed: [
    { id: 'g1', unread: 0 },
    { id: 'd1.2', unread: 3 },
    { id: 'd1.3', unread: 1 },
  ],
  rows: 12,
  scrollMax: 15,
}
const key = (name: string, more: Partial<Key> = {}): Key => ({ name, ...more })
const press = (state: ScreenState, ...keys: readonly Key[]) =>
  keys.reduce<ReturnType<typeof pressed>>((step, next) => pressed(step.state, next, around), { state, effects: [] })
const typed = (text: string, open?: string): ScreenState => ({
  ...initialState,
  editor: editorWith(text),
  ...(open === undefined ? {} : { open }),
})
const enter = key('return')

describe('Enter', () => {
  test('sends what was typed to the open conversation', () => {
    const { state, effects } = press(typed('hi', 'g1'), enter)
    expect(effects).toEqual([{ type: 'send', conversation: 'g1', text: 'hi' }])
    expect(state.editor.text).toBe('')
  })

  test('runs what begins with a slash, and sends what begins with two', () => {
    expect(press(typed('/help', 'g1'), enter).effects).toEqual([{ type: 'command', line: 'help' }])
    expect(press(typed('//usr', 'g1'), enter).effects).toEqual([{ type: 'send', conversation: 'g1', text: '/usr' }])
  })

  test('keeps what was typed when nothing is open', () => {
    const { state, effects } = press(typed('hi'), enter)
    expect({ effects, text: state.editor.text, said: state.said?.isError }).toEqual({
      effects: [],
      text: 'hi',
      said: true,
    })
  })

  test('in pasted text is a line end', () => {
    const { state, effects } = press(
      typed('a', 'g1'),
      key('paste-start'),
      enter,
      key('b', { text: 'b' }),
      key('paste-end'),
    )
    expect({ effects, text: state.editor.text }).toEqual({ effects: [], text: 'a\nb' })
    expect(press(state, enter).effects).toEqual([{ type: 'send', conversation: 'g1', text: 'a\nb' }])
  })
})

describe('conversations', () => {
  test('are turned through in both directions, round and round', () => {
    const names = [key('tab'), key('tab'), key('tab'), key('tab')].map(
      (_, i, keys) => press(initialState, ...keys.slice(0, i + 1)).state.open,
    )
    expect(names).toEqual(['g1', 'd1.2', 'd1.3', 'g1'])
    expect(press(initialState, key('tab', { shift: true })).state.open).toBe('d1.3')
    expect(press(initialState, key('tab')).effects).toEqual([{ type: 'opened', conversation: 'g1' }])
  })

  test('with something unread are gone to, as long as there are some', () => {
    const alt = key('a', { meta: true })
    expect(press(typed('', 'd1.2'), alt).state.open).toBe('d1.3')
    const none = pressed(initialState, alt, { ...around, listed: [{ id: 'g1', unread: 0 }] })
    expect(none.state.said?.text).toBe('all is read')
  })
})

describe('scrolling', () => {
  test('stops at both ends, and reads older messages beyond the upper', () => {
    const up = press(typed('', 'g1'), key('pageup'))
    expect([up.state.scroll, up.effects]).toEqual([10, []])
    const top = press(up.state, key('pageup'))
    expect([top.state.scroll, top.effects]).toEqual([15, [{ type: 'earlier', conversation: 'g1' }]])
    expect(press(top.state, key('pagedown'), key('pagedown'), key('pagedown')).state.scroll).toBe(0)
  })

  test('moves a panel, and Escape takes it away', () => {
    const state = { ...initialState, panel: { title: 't', lines: ['a'], scroll: 0 } }
    const down = press(state, key('pagedown'))
    expect(down.state.panel?.scroll).toBe(10)
    expect(press(down.state, key('escape', { meta: true })).state.panel).toBeUndefined()
  })
})

test('Escape and a key at once are two keys', () => {
  const state = { ...initialState, panel: { title: 't', lines: ['a'], scroll: 0 } }
  const { state: after } = press(state, { meta: true, sequence: '\x1b/' })
  expect([after.panel, after.editor.text]).toEqual([undefined, '/'])
})

test('what was entered comes back with Up, and goes with Down', () => {
  const { state } = press({ ...press(typed('one', 'g1'), enter).state, editor: editorWith('two') }, enter)
  expect(press(state, key('up')).state.editor.text).toBe('two')
  expect(press(state, key('up'), key('up'), key('up')).state.editor.text).toBe('one')
  expect(press(state, key('up'), key('up'), key('down')).state.editor.text).toBe('two')
  expect(press(state, key('up'), key('down')).state.editor.text).toBe('')
})

test('others are told of typing, but not of commands', () => {
  const type = key('x', { text: 'x' })
  expect(press(typed('', 'g1'), type).effects).toEqual([{ type: 'typing', conversation: 'g1' }])
  expect(press(typed('/', 'g1'), type).effects).toEqual([])
  expect(press(typed(''), type).effects).toEqual([])
})

test('Ctrl-C takes the line away, then leaves; what was said goes with the next key', () => {
  const stop = key('c', { ctrl: true })
  const first = press({ ...typed('half', 'g1'), said: { text: 'no', isError: true } }, stop)
  expect([first.state.editor.text, first.state.said, first.effects]).toEqual(['', undefined, []])
  expect(press(first.state, stop).effects).toEqual([{ type: 'quit' }])
})
