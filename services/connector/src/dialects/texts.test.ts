import { expect, test } from 'vitest'
import { createTimeFormat, cutText, packEntries, shownText, textOfBody } from './texts.ts'

const bytes = (text: string) => Buffer.byteLength(text)

test('a text is cut where it is too long, between graphemes', () => {
  expect(cutText('abc', 3, bytes)).toEqual(['abc'])
  expect(cutText('', 3, bytes)).toEqual([''])
  expect(cutText('abcdefg', 3, bytes)).toEqual(['abc', 'def', 'g'])
  expect(cutText('aé́b', 5, bytes)).toEqual(['aé́', 'b'])
  // One that is too long by itself is cut inside.
  expect(cutText('👨‍👩‍👧', 8, bytes).join('')).toBe('👨‍👩‍👧')
})

test('entries are packed in order', () => {
  expect(packEntries(['aa', 'bb', 'cc', 'dddddddd'], 6, bytes)).toEqual(['aa; bb', 'cc', 'dddddddd'])
  expect(packEntries([], 6, bytes)).toEqual([])
})

test('bodies are shown as text, without what ends a C string', () => {
  expect(textOfBody({ kind: 'text', text: 'a\0b\u001bc\n' })).toBe('abc\n')
  expect(textOfBody({ kind: 'custom', type: 'poll', data: {} })).toBe('[poll]')
  expect(shownText('\ud800')).toBe('\ufffd')
})

test('times are those of the zone', () => {
  const at = Date.UTC(2026, 0, 1, 16, 0, 5)
  expect(createTimeFormat('UTC')(at)).toBe('2026-01-01 16:00:05')
  expect(createTimeFormat('Asia/Shanghai')(new Date(at).toISOString())).toBe('2026-01-02 00:00:05')
})
