import type { ChatEvent, Message } from '@chat/sdk'
import { expect, test } from 'vitest'
import { createNames } from '../names.ts'
import { type Entry, newestFirst } from './entries.ts'

const names = createNames({ read: () => Promise.reject(new Error('nobody is looked up here')) })
names.learn({ id: 1, name: 'ann', displayName: 'ann', createdAt: '' })

const at = (day: number) => new Date(2026, 0, day, 6, 12).toISOString()
const event = (seq: number, type: string, day = 1): ChatEvent => ({
  ...{ conversation: 'g1', seq, type, actor: 1, at: at(day), data: { user: 2, title: 'Tea' } },
})
const message = (seq: number, more: Partial<Message> = {}): Message =>
  ({
    ...{ conversation: 'g1', seq, actor: 1, at: at(1), clientMsgId: 'x', state: 'logged' },
    body: { kind: 'text', text: `text ${seq}` },
    ...more,
  }) as Message
const told = (entries: Iterable<Entry>) =>
  [...entries].map((entry) =>
    entry.kind === 'day' ? entry.day : `${entry.label} ${entry.name} ${entry.text} ${entry.note}`.trim(),
  )

test('messages and what happened are in the order of the log, with a line above each day', () => {
  const events = [
    event(1, 'groupCreated'),
    event(2, 'messagePosted'),
    event(3, 'memberJoined', 2),
    event(4, 'messagePosted', 2),
  ]
  const entries = newestFirst({ events, messages: [message(2), message(4, { at: at(2) } as Partial<Message>)] }, names)
  expect(told(entries)).toEqual([
    '4 ann text 4',
    '3  user 2 joined',
    '2026-01-02',
    '2 ann text 2',
    '1  ann created Tea',
    '2026-01-01',
  ])
})

test('messages say what became of them', () => {
  const { seq: _, ...unplaced } = message(1) as Message & { readonly seq: number }
  const messages = [
    message(1, { editedSeq: 5, reactions: { '👍': [1, 2], '\x1b': [1] } } as Partial<Message>),
    message(2, { state: 'deleted' } as Partial<Message>),
    { ...unplaced, state: 'sending' },
    { ...unplaced, state: 'failed', code: 'muted' },
  ] as Message[]
  expect(told(newestFirst({ events: [], messages }, names)).slice(0, 4)).toEqual([
    '✗ ann text 1 (muted; /discard takes it away)',
    '… ann text 1',
    '2 ann (deleted)',
    '1 ann text 1 (edited) 👍2 ␛',
  ])
})
