import { expect, test } from 'vitest'
// @ts-expect-error The page is plain JavaScript, served as it is.
import { createCatchUp } from './catch-up.js'
// @ts-expect-error The page is plain JavaScript, served as it is.
import { createStore } from './store.js'
import { openBrowser } from './test-browser.ts'

const events = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ conversation: 'g1', seq: from + i, at: '', data: {} }))
const synced = (from: number, to: number, lastSeq = to, id = 'g1') => ({
  ...{ id, title: id, unread: 0, readSeq: 0, lastSeq, from, to, events: events(from, to) },
})
const page = (token: string, conversations: readonly object[] = [], fields: object = {}) => ({
  ...{ token, conversations, hasMore: false, ...fields },
})

/** Answers are taken in order; without one left the line is broken. */
const setUp = (...answers: readonly object[]) => {
  const { clock } = openBrowser()
  const left = [...answers]
  const asked: object[] = []
  const status: string[] = []
  const store = createStore()
  const catchUp = createCatchUp({
    store,
    request: async (op: string, fields: object) => {
      asked.push({ op, ...fields })
      const answer = left.shift()
      if (answer === undefined) throw Object.assign(new Error('gone'), { code: 'disconnected' })
      return answer
    },
    onChange: () => {},
    onStatus: (kind: string) => status.push(kind),
  })
  return { clock, asked, status, store, catchUp, answer: (more: object) => void left.push(more) }
}

test('walks all pages of a sync, each with the token of the one before, and says when it is through', async () => {
  const { catchUp, asked, status, store } = setUp(
    page('one', [synced(1, 3)], { hasMore: true }),
    page('two', [synced(1, 1, 1, 'g2')]),
  )
  await catchUp.sync()
  expect(asked).toEqual([{ op: 'sync' }, { op: 'sync', token: 'one', known: {} }])
  expect(status).toEqual(['behind', 'connected'])
  expect([store.syncToken(), store.known()]).toEqual(['two', { g1: 3, g2: 1 }])
  catchUp.stop()
})

test('a later sync names what is held', async () => {
  const { catchUp, asked } = setUp(page('one', [synced(1, 3)]), page('two'))
  await catchUp.sync()
  await catchUp.sync()
  expect(asked[1]).toEqual({ op: 'sync', token: 'one', known: { g1: 3 } })
  catchUp.stop()
})

test('a sync that is asked for while one is under way is that one', async () => {
  const { catchUp, asked } = setUp(page('one'))
  await Promise.all([catchUp.sync(), catchUp.sync()])
  expect(asked).toHaveLength(1)
  catchUp.stop()
})

test('a stale page is asked for again half a second later', async () => {
  const { catchUp, asked, clock, status } = setUp(page('one', [], { stale: true }), page('two'))
  const syncing = catchUp.sync()
  await clock.advance(499)
  expect(asked).toHaveLength(1)
  await clock.advance(1)
  await syncing
  expect([asked.length, status.at(-1)]).toEqual([2, 'connected'])
  catchUp.stop()
})

test('a conversation of which a sync brought only a part is read on by history to its end', async () => {
  const { catchUp, asked, clock, store } = setUp(
    page('one', [synced(1, 2, 6)]),
    { from: 3, to: 4, events: events(3, 4), hasMore: true },
    { from: 5, to: 6, events: events(5, 6), hasMore: false },
  )
  await catchUp.sync()
  await clock.settle()
  expect(asked.slice(1)).toEqual([
    { op: 'history', conversation: 'g1', after: 2 },
    { op: 'history', conversation: 'g1', after: 4 },
  ])
  expect(store.conversation('g1')).toMatchObject({ from: 1, to: 6, isFilling: false })
  catchUp.stop()
})

test('a gap is asked for after 200 ms, unless it was closed meanwhile', async () => {
  const { catchUp, asked, clock, store, answer } = setUp()
  store.addRange('g1', { from: 1, to: 2, events: events(1, 2) })
  store.applyEvent({ conversation: 'g1', seq: 4, at: '' })
  catchUp.fillLater(store.conversation('g1'), 4)
  store.applyEvent({ conversation: 'g1', seq: 3, at: '' })
  await clock.advance(200)
  expect(asked).toEqual([])
  store.applyEvent({ conversation: 'g1', seq: 6, at: '' })
  catchUp.fillLater(store.conversation('g1'), 6)
  answer({ from: 5, to: 6, events: events(5, 6), hasMore: false })
  await clock.advance(199)
  expect(asked).toEqual([])
  await clock.advance(1)
  expect(asked).toEqual([{ op: 'history', conversation: 'g1', after: 4 }])
  expect(store.conversation('g1').to).toBe(6)
})

test('a broken line leaves it behind; the next sync is two minutes later, give or take a quarter, until it is stopped', async () => {
  const { catchUp, asked, clock, status, answer } = setUp()
  await catchUp.sync()
  expect(status).toEqual(['behind'])
  answer(page('one'))
  await clock.advance(89_000)
  expect(asked).toHaveLength(1)
  await clock.advance(62_000)
  expect([asked.length, status.at(-1)]).toEqual([2, 'connected'])
  catchUp.stop()
  await clock.advance(300_000)
  expect(asked).toHaveLength(2)
})
