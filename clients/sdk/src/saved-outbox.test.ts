import { expect, test } from 'vitest'
import { emptyOutbox, type Outbox, type OutboxEntry } from './domain/outbox.ts'
import { loadOutbox, saveOutbox } from './saved-outbox.ts'

const entry = (clientMsgId: string, state: OutboxEntry['state']): OutboxEntry => ({
  ...{ conversation: 'g1', clientMsgId, body: { kind: 'text', text: 'hi' }, replyTo: 4, createdMs: 1, state },
})
const failed = { kind: 'failed', code: 'muted', message: 'muted' } as const
const outbox: Outbox = {
  entries: [
    entry('m1', { kind: 'accepted', seq: 1 }),
    entry('m2', failed),
    entry('m3', { kind: 'sent', after: 'm1' }),
    entry('m4', { kind: 'queued' }),
  ],
  accepted: { g1: 'm1' },
  heldUntilMs: { g1: 99 },
}

test('what was sent without an answer waits again, what failed stays so, what is in the log is gone', () => {
  expect(loadOutbox(saveOutbox(outbox, 3), 3)).toEqual({
    entries: [entry('m2', failed), entry('m3', { kind: 'queued' }), entry('m4', { kind: 'queued' })],
    accepted: { g1: 'm1' },
    heldUntilMs: {},
  })
})

test('the messages of somebody else are not taken over', () => {
  expect(loadOutbox(saveOutbox(outbox, 3), 7)).toEqual(emptyOutbox)
  expect(loadOutbox(undefined, 3)).toEqual(emptyOutbox)
})
