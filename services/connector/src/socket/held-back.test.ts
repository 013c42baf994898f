import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import {
  behindRetryMs,
  comesAgainWithinMs,
  HeldBack,
  type HeldWrite,
  heldConversationsMax,
  heldWritesMax,
} from './held-back.ts'

const write = (conversation: string, clientMsgId: string): HeldWrite => ({ conversation, clientMsgId })

const unavailable = (retryAfterMs: number) => ({ error: 'unavailable', message: '', retryAfterMs }) as const

const setUp = () => {
  const clock = createFakeClock(0)
  const held = new HeldBack(clock)
  /** How long a write must wait; undefined: it may pass. */
  const waitOf = (conversation: string, clientMsgId: string) => {
    const answer = held.refusal(write(conversation, clientMsgId))
    return answer !== undefined && 'error' in answer ? answer.retryAfterMs : undefined
  }
  return { clock, held, waitOf }
}

test('behind a refused write its conversation waits for the rest of the time, and until it came again; others do not', async () => {
  const { clock, held, waitOf } = setUp()
  held.add(write('g1', 'a'), unavailable(1000))
  await clock.advance(400)
  expect(waitOf('g1', 'b')).toBe(600)
  expect(waitOf('g2', 'x')).toBeUndefined()
  await clock.advance(600)
  expect([waitOf('g1', 'b'), waitOf('g1', 'a')]).toEqual([behindRetryMs, undefined])
})

test('a refused write that does not come again holds nothing back for ever', async () => {
  const { clock, held, waitOf } = setUp()
  held.add(write('g1', 'a'), unavailable(1000))
  await clock.advance(1000 + comesAgainWithinMs - 1)
  expect(waitOf('g1', 'b')).toBe(behindRetryMs)
  await clock.advance(1)
  expect([waitOf('g1', 'b'), held.isEmpty]).toEqual([undefined, true])
})

test('refused writes come again in their order: each lets the next one through, the last ends it', () => {
  const { held, waitOf } = setUp()
  held.add(write('g1', 'a'), unavailable(1000))
  for (const id of ['b', 'c']) expect(waitOf('g1', id)).toBe(1000)
  for (const [id, after] of [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'd'],
  ] as const) {
    if (after !== 'd') expect(waitOf('g1', after)).toBe(1000)
    expect(waitOf('g1', id)).toBeUndefined()
    held.passed(write('g1', id))
  }
  expect([waitOf('g1', 'd'), held.isEmpty]).toEqual([undefined, true])
})

test('one that is refused again keeps its place, and the new time counts', async () => {
  const { clock, held, waitOf } = setUp()
  held.add(write('g1', 'a'), unavailable(1000))
  await clock.advance(500)
  held.add(write('g1', 'a'), unavailable(2000))
  await clock.advance(600)
  expect([waitOf('g1', 'b'), waitOf('g1', 'a')]).toEqual([1400, undefined])
})

test('of more writes than are remembered in their order the conversation waits for the whole time', async () => {
  const { clock, held, waitOf } = setUp()
  held.add(write('g1', '0'), unavailable(1000))
  for (let i = 1; i <= heldWritesMax; i++) expect(waitOf('g1', String(i))).toBe(1000)
  for (let i = 0; i < heldWritesMax; i++) {
    expect(waitOf('g1', String(i))).toBeUndefined()
    held.passed(write('g1', String(i)))
  }
  expect(waitOf('g1', String(heldWritesMax))).toBe(1000)
  await clock.advance(1000 + comesAgainWithinMs)
  expect(waitOf('g1', String(heldWritesMax))).toBeUndefined()
})

test('with as many conversations held back as can be, all others are too, until that time is over', async () => {
  const { clock, held, waitOf } = setUp()
  for (let i = 0; i < heldConversationsMax; i++) held.add(write(`g${i}`, 'a'), unavailable(1000))
  expect(waitOf('x', 'a')).toBeUndefined()
  await clock.advance(500)
  held.add(write('x', 'a'), unavailable(2000))
  expect([waitOf('x', 'b'), waitOf('y', 'b'), waitOf('g7', 'a')]).toEqual([2000, 2000, undefined])
  await clock.advance(1999 + comesAgainWithinMs)
  expect([waitOf('y', 'b'), held.isEmpty]).toEqual([behindRetryMs, false])
  await clock.advance(1)
  expect(waitOf('y', 'b')).toBeUndefined()
  for (let i = 0; i < 2; i++) held.add(write(`z${i}`, 'a'), unavailable(1000))
  expect([waitOf('z1', 'b'), waitOf('y', 'b')]).toEqual([1000, undefined])
})

test.each([
  ['what has no conversation yet', { clientMsgId: 'a' }],
  ['what cannot be known again', { conversation: 'g1' }],
])('%s is never held back', (_, written) => {
  const { held } = setUp()
  held.add(written, unavailable(1000))
  expect([held.refusal(written), held.isEmpty]).toEqual([undefined, true])
})

test('what is behind is refused with the code of the first', () => {
  const { held } = setUp()
  held.add(write('g1', 'a'), { error: 'rate_limited', message: '', retryAfterMs: 1000 })
  expect(held.refusal(write('g1', 'b'))).toMatchObject({ error: 'rate_limited', retryAfterMs: 1000 })
})
