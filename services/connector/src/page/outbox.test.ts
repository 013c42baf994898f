import { expect, test } from 'vitest'
// @ts-expect-error The page is plain JavaScript, served as it is.
import { createOutbox } from './outbox.js'
import { openBrowser } from './test-browser.ts'

interface Sent {
  readonly clientMsgId: string
  readonly after?: string
  readonly body: { readonly text: string }
  readonly to: { readonly conversation: string }
}

/** An outbox whose server answers when, and as, the test says. */
const setUp = (browser = openBrowser()) => {
  const sent: Sent[] = []
  const waiting: { resolve(ok: object): void; reject(error: object): void }[] = []
  const accepted: string[] = []
  const outbox = createOutbox({
    request: (_op: string, frame: Sent) => {
      sent.push(frame)
      return new Promise((resolve, reject) => void waiting.push({ resolve, reject }))
    },
    onChange: () => {},
    onAccepted: ({ body }: Sent) => accepted.push(body.text),
  })
  const { clock } = browser
  return {
    browser,
    clock,
    outbox,
    sent,
    accepted,
    texts: () => sent.map(({ body }) => body.text),
    write: (text: string, conversation = 'g1') => outbox.send(conversation, { conversation }, text),
    accept: async () => {
      waiting.shift()?.resolve({ conversation: 'g1', seq: 1 })
      await clock.settle()
    },
    refuse: async (problem: object) => {
      waiting.shift()?.reject(Object.assign(new Error('refused'), problem))
      await clock.settle()
    },
  }
}

test('a conversation sends one message at a time, each names the one before; conversations do not wait for each other', async () => {
  const { write, accept, sent, texts, accepted, outbox } = setUp()
  write('a')
  write('b')
  write('x', 'g2')
  expect(texts()).toEqual(['a', 'x'])
  await accept()
  expect(texts()).toEqual(['a', 'x', 'b'])
  expect(sent[0]).not.toHaveProperty('after')
  expect(sent[2]?.after).toBe(sent[0]?.clientMsgId)
  await accept()
  await accept()
  expect(accepted).toEqual(['a', 'x', 'b'])
  expect(outbox.of('g1')).toEqual([])
})

test('what was not answered when the line broke is sent again with the same id, and those behind it after it', async () => {
  const { write, refuse, accept, outbox, sent, texts, clock } = setUp()
  write('a')
  write('b')
  await refuse({ code: 'disconnected', retry: 'reconnect' })
  await clock.advance(10_000)
  expect(texts()).toEqual(['a'])
  outbox.resend()
  expect(texts()).toEqual(['a', 'a'])
  expect(sent[1]?.clientMsgId).toBe(sent[0]?.clientMsgId)
  await accept()
  expect(sent[2]).toMatchObject({ after: sent[0]?.clientMsgId, body: { text: 'b' } })
})

test('messages outlive a reload of the tab', async () => {
  const before = setUp()
  before.write('a')
  const { outbox, sent, accept, browser } = setUp(before.browser)
  outbox.resend()
  expect(sent[0]?.clientMsgId).toBe(before.sent[0]?.clientMsgId)
  await accept()
  expect(JSON.parse(browser.storage.get('chat.outbox') ?? '')).toEqual([])
})

test('a server that does not remember the message before gets the next one without its name, once and for all', async () => {
  const { write, accept, refuse, clock, sent, outbox } = setUp()
  write('a')
  await accept()
  write('b')
  expect(sent[1]?.after).toBe(sent[0]?.clientMsgId)
  await refuse({ code: 'out_of_order', retry: 'later', retryAfterMs: 5 })
  await clock.advance(5)
  expect(sent).toHaveLength(3)
  expect(sent[2]).toMatchObject({ clientMsgId: sent[1]?.clientMsgId })
  expect(sent[2]).not.toHaveProperty('after')
  await accept()
  expect(outbox.of('g1')).toEqual([])
  write('c')
  expect(sent[3]?.after).toBe(sent[1]?.clientMsgId)
})

test('what is refused for now is sent again after the time the server named, or a second', async () => {
  const { write, refuse, clock, texts } = setUp()
  write('a')
  await refuse({ code: 'rate_limited', retry: 'later', retryAfterMs: 3_000 })
  await clock.advance(2_999)
  expect(texts()).toEqual(['a'])
  await clock.advance(1)
  expect(texts()).toEqual(['a', 'a'])
  await refuse({ code: 'unavailable', retry: 'later' })
  await clock.advance(1_000)
  expect(texts()).toEqual(['a', 'a', 'a'])
})

test('what is refused for good stays with its problem, lets those behind it pass, and can be discarded', async () => {
  const { write, refuse, texts, outbox } = setUp()
  write('a')
  write('b')
  await refuse({ code: 'not_member', retry: 'never' })
  expect(texts()).toEqual(['a', 'b'])
  const [stuck] = outbox.of('g1')
  expect(stuck).toMatchObject({ problem: 'refused', body: { text: 'a' } })
  outbox.discard(stuck)
  expect(outbox.of('g1')).toMatchObject([{ body: { text: 'b' } }])
})

test('a logout leaves nothing behind', () => {
  const { write, outbox, browser } = setUp()
  write('a')
  outbox.clear()
  expect([outbox.of('g1'), browser.storage.has('chat.outbox')]).toEqual([[], false])
})
