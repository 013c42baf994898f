import { expect, test } from 'vitest'
import {
  dispatch,
  emptyOutbox,
  nextDueMs,
  type Outbox,
  type Refusal,
  unansweredMax,
  withAccepted,
  withConnectionLost,
  withDiscarded,
  withQueued,
  withRefused,
} from './outbox.ts'

const body = { kind: 'text', text: 'hi' } as const
const queued = (...ids: readonly string[]): Outbox =>
  ids.reduce(
    (outbox, clientMsgId) =>
      withQueued(outbox, {
        conversation: clientMsgId.charAt(0),
        clientMsgId,
        body,
        createdMs: 0,
        state: { kind: 'queued' },
      }),
    emptyOutbox,
  )
const sent = (outbox: Outbox, nowMs = 0): readonly [Outbox, readonly string[]] => {
  const [next, going] = dispatch(outbox, nowMs)
  return [next, going.map(({ entry, after }) => `${entry.clientMsgId}${after === undefined ? '' : ` after ${after}`}`)]
}
const refusal = (code: string, fields: Partial<Refusal> = {}): Refusal => ({
  ...{ code, message: code, retry: 'later' },
  ...fields,
})

test('sends overlap, each naming the one before it in its conversation', () => {
  expect(sent(queued('a1', 'b1', 'a2', 'a3'))[1]).toEqual(['a1', 'b1', 'a2 after a1', 'a3 after a2'])
  const [outbox] = sent(queued('a1'))
  expect(sent(withAccepted(queued('a1', 'a2'), 'a1', 1))[1]).toEqual(['a2 after a1'])
  expect(sent(outbox)[1]).toEqual([])
})

test('no more than a window is unanswered', () => {
  const ids = Array.from({ length: unansweredMax + 3 }, (_, i) => `a${i}`)
  expect(sent(queued(...ids))[1]).toHaveLength(unansweredMax)
})

test('after a lost connection the same ids go again, in order', () => {
  const [outbox] = sent(queued('a1', 'a2'))
  expect(sent(withConnectionLost(outbox))[1]).toEqual(['a1', 'a2 after a1'])
})

test('what is refused for a while holds up its conversation for that long, and no other', () => {
  const [outbox] = sent(queued('a1', 'a2', 'b1'))
  const busy = withRefused(outbox, 'a1', refusal('unavailable', { retryAfterMs: 300 }), 1_000)
  const both = withRefused(busy, 'a2', refusal('out_of_order'), 1_000)
  expect([sent(both, 1_299)[1], nextDueMs(both, 1_000)]).toEqual([[], 1_300])
  expect(sent(both, 1_300)[1]).toEqual(['a1', 'a2 after a1'])
})

test('nothing is sent again while a later one of its conversation is unanswered', () => {
  const [outbox] = sent(queued('a1', 'a2'))
  const early = withRefused(outbox, 'a1', refusal('timeout', { retryAfterMs: 0 }), 0)
  expect(sent(early)[1]).toEqual([])
  expect(sent(withRefused(early, 'a2', refusal('out_of_order'), 0))[1]).toEqual(['a1', 'a2 after a1'])
})

test('what came too early waits for the answer to the one before it', () => {
  const [outbox] = sent(queued('a1', 'a2'))
  const early = withRefused(outbox, 'a2', refusal('out_of_order'), 0)
  expect(sent(early)[1]).toEqual([])
  expect(sent(withAccepted(early, 'a1', 1))[1]).toEqual(['a2 after a1'])
})

test('nothing goes ahead of one of its conversation that waits', () => {
  const [outbox] = sent(queued('a1', 'a2'))
  const early = withRefused(outbox, 'a2', refusal('out_of_order'), 0)
  const third = { conversation: 'a', clientMsgId: 'a3', body, createdMs: 0, state: { kind: 'queued' } } as const
  expect(sent(withQueued(early, third))[1]).toEqual([])
})

test('what is refused for good is shown as failed, blocks nobody and can be discarded', () => {
  const [outbox] = sent(queued('a1', 'a2'))
  const failed = withRefused(outbox, 'a1', refusal('muted', { retry: 'never' }), 0)
  expect(failed.entries[0]?.state).toEqual({ kind: 'failed', code: 'muted', message: 'muted' })
  expect(sent(withRefused(failed, 'a2', refusal('out_of_order'), 0))[1]).toEqual(['a2'])
  expect(withDiscarded(failed, 'a1').entries).toHaveLength(1)
  expect(withDiscarded(failed, 'a2').entries).toHaveLength(2)
})

test('one that the server no longer remembers is not named again', () => {
  const [outbox] = sent({ ...queued('a2'), accepted: { a: 'a1' } })
  expect(sent(withRefused(outbox, 'a2', refusal('out_of_order'), 0))[1]).toEqual(['a2'])
})
