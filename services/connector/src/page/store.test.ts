import { expect, test } from 'vitest'
// @ts-expect-error The page is plain JavaScript, served as it is.
import { uuidV7 } from './ids.js'
// @ts-expect-error The page is plain JavaScript, served as it is.
import { createStore } from './store.js'

const event = (seq: number, conversation = 'g1') => ({ conversation, seq, at: `t${seq}`, data: {} })
const range = (from: number, to: number) => ({
  from,
  to,
  events: Array.from({ length: to - from + 1 }, (_, i) => event(from + i)),
})
const synced = (fields: object) => ({
  ...{ id: 'g1', title: 'one', unread: 0, readSeq: 0, lastSeq: 0 },
  ...fields,
})
const seqsOf = (store: ReturnType<typeof createStore>, id = 'g1') =>
  store.events(store.ensure(id)).map(({ seq }: { seq: number }) => seq)

test('shows live events in order, however they arrive, and each once', () => {
  const store = createStore()
  store.addRange('g1', range(1, 2))
  expect([3, 5, 4, 4, 2, 6].map((seq) => store.applyEvent(event(seq)))).toEqual([
    ...['next', 'gap', 'next', 'known', 'known', 'next'],
  ])
  expect(seqsOf(store)).toEqual([1, 2, 3, 4, 5, 6])
})

test('hides what lies beyond a gap until the gap is filled', () => {
  const store = createStore()
  store.addRange('g1', range(1, 2))
  store.applyEvent(event(5))
  expect(seqsOf(store)).toEqual([1, 2])
  store.addRange('g1', range(3, 4))
  expect(store.known()).toEqual({ g1: 4 })
  store.addRange('g1', range(5, 5))
  expect(seqsOf(store)).toEqual([1, 2, 3, 4, 5])
})

test('counts a seq that a range covers without showing it as seen', () => {
  const store = createStore()
  store.addRange('g1', { from: 1, to: 9, events: [event(7)] })
  expect(seqsOf(store)).toEqual([7])
  expect(store.known()).toEqual({ g1: 9 })
  expect(store.applyEvent(event(10))).toBe('next')
})

test('joins earlier pages, and lets a newer run that does not touch replace the old one', () => {
  const store = createStore()
  store.addRange('g1', range(5, 6))
  store.addRange('g1', range(3, 4))
  expect(seqsOf(store)).toEqual([3, 4, 5, 6])
  store.addRange('g1', range(20, 21))
  expect(seqsOf(store)).toEqual([20, 21])
  store.addRange('g1', range(1, 2))
  expect(seqsOf(store)).toEqual([20, 21])
})

test('a sync page brings counts and titles, takes away what was left, and a reset forgets the rest', () => {
  const store = createStore()
  const one = synced({ ...range(1, 1), lastSeq: 1, unread: 1 })
  const two = synced({ ...range(1, 1), id: 'g2', events: [event(1, 'g2')] })
  store.applySync({ token: 'a', conversations: [one, two] })
  expect(store.list().map(({ id }: { id: string }) => id)).toEqual(['g1', 'g2'])
  store.applySync({ token: 'b', conversations: [synced({ ...range(2, 2), left: true })] })
  expect(store.list().map(({ id }: { id: string }) => id)).toEqual(['g2'])
  expect(store.syncToken()).toBe('b')
  store.applySync({ token: 'c', reset: true, conversations: [] })
  expect(store.list()).toEqual([])
})

test('a sync, or its creation, says that a conversation is an online room', () => {
  const store = createStore()
  const isRoom = (id: string) => store.conversation(id).isRoom
  store.applySync({ token: 'a', conversations: [synced({ ...range(1, 1), membership: 'online' })] })
  store.applyEvent({ ...event(1, 'g2'), type: 'groupCreated', data: { membership: 'online' } })
  store.applyEvent({ ...event(1, 'g3'), type: 'groupCreated' })
  expect(['g1', 'g2', 'g3'].map(isRoom)).toEqual([true, true, false])
})

test('keeps a bounded tail of a conversation that is closed', () => {
  const store = createStore()
  store.addRange('g1', range(1, 1000))
  store.trim(store.conversation('g1'))
  expect(seqsOf(store)).toHaveLength(200)
  expect(store.applyEvent(event(1001))).toBe('next')
})

test('message ids are UUIDs of version 7 whose time does not go back', () => {
  const ids = Array.from({ length: 50 }, () => uuidV7())
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const times = ids.map((id) => id.slice(0, 13))
  expect(times).toEqual(times.toSorted())
  const ms = Number.parseInt(String(times[0]).replace('-', ''), 16)
  expect(Math.abs(Date.now() - ms)).toBeLessThan(60_000)
})
