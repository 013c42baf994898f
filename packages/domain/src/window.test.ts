import { messageId } from '@chat/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  emptyWindow,
  type MessageId,
  newestKept,
  parseMessageId,
  remember,
  sight,
  type Window,
  windowAt,
  windowIdsMax,
} from './window.ts'

const idOf = (n: number, seconds = 0): MessageId => {
  const id = parseMessageId(messageId(n, seconds))
  if (id === undefined) throw new Error('not an id')
  return id
}
const day = 24 * 60 * 60 * 1000
const fill = (ids: readonly MessageId[], atMs = 0): Window =>
  ids.reduce((window, id, index) => remember(window, id, { number: index + 1, pos: index }, atMs), emptyWindow)

test('ids are read in either case and compared by all their bits', () => {
  const text = '0190a5c8-1234-7abc-9def-0123456789ab'
  expect(parseMessageId(text)).toEqual([0x0190a5c81234, 0x7abc9def01, 0x23456789ab])
  expect(parseMessageId(text.toUpperCase())).toEqual(parseMessageId(text))
})

test('the window knows where each of its ids went', () => {
  const window = fill([idOf(1), idOf(2), idOf(3)])
  expect(sight(window, idOf(2))).toEqual({ kind: 'repeated', place: { number: 2, pos: 1 } })
  expect(sight(window, idOf(4))).toEqual({ kind: 'new' })
})

test('an id that fell out, and every one below it, is too late', () => {
  const window = fill(Array.from({ length: windowIdsMax + 2 }, (_, index) => idOf(index + 10)))
  expect(sight(window, idOf(11)).kind).toBe('too_late')
  expect(sight(window, idOf(1)).kind).toBe('too_late')
  expect(sight(window, idOf(12)).kind).toBe('repeated')
})

test('an id of a time when the clock was ahead does not make all later ones too late', () => {
  const ahead = idOf(1, 80_000)
  const window = fill([ahead, ...Array.from({ length: 3 * windowIdsMax }, (_, index) => idOf(index))])
  expect(sight(window, idOf(3 * windowIdsMax)).kind).toBe('new')
  expect(sight(window, ahead).kind).toBe('repeated')
})

test('an idle window keeps its newest id and refuses the others', () => {
  const window = windowAt(fill([idOf(1), idOf(3), idOf(2)], day), 9 * day)
  expect(window.entries).toHaveLength(5)
  expect([1, 2, 3, 4].map((n) => sight(window, idOf(n)).kind)).toEqual(['too_late', 'repeated', 'too_late', 'new'])
})

test('a window that was used within seven days is left alone', () => {
  const window = fill([idOf(1), idOf(2)], 1.5 * day)
  expect(windowAt(window, 8 * day)).toBe(window)
})

const ids = fc.array(fc.record({ n: fc.nat(400), seconds: fc.nat(3) }), { maxLength: 600 })

test('no id is ever accepted twice, whatever the order', () => {
  fc.assert(
    fc.property(ids, (sent) => {
      const acceptedIds = new Set<string>()
      let window = emptyWindow
      for (const { n, seconds } of sent) {
        const id = idOf(n, seconds)
        if (sight(window, id).kind !== 'new') continue
        expect(acceptedIds.has(String(id))).toBe(false)
        acceptedIds.add(String(id))
        window = remember(window, id, { number: acceptedIds.size, pos: 0 }, 0)
        expect(window.entries.length).toBeLessThanOrEqual(windowIdsMax * 5)
      }
    }),
  )
})

test('the newest ids can always be repeated', () => {
  fc.assert(
    fc.property(ids, (sent) => {
      let window = emptyWindow
      const accepted: MessageId[] = []
      for (const { n, seconds } of sent) {
        const id = idOf(n, seconds)
        if (sight(window, id).kind !== 'new') continue
        accepted.push(id)
        window = remember(window, id, { number: accepted.length, pos: 0 }, 0)
        for (const recent of accepted.slice(-newestKept)) expect(sight(window, recent).kind).toBe('repeated')
      }
    }),
    { numRuns: 30 },
  )
})
