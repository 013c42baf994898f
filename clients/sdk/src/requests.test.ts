import {
  closeCode,
  historyEventsMax,
  type MessageBody as ProtocolBody,
  type RequestFrame,
  type RequestOp,
  unansweredWritesMax,
} from '@chat/schemas/protocol'
import { expect, expectTypeOf, test } from 'vitest'
import { newConnection, step } from './domain/connection.ts'
import type { MessageBody } from './domain/event.ts'
import { unansweredMax } from './domain/outbox.ts'
import { gapSeqMax } from './domain/timeline.ts'
import type { FieldsOf, Op } from './requests.ts'

// The SDK is packed alone, so it says again what schemas say. Here is what keeps the two alike.

type Writable<T> = T extends object ? { -readonly [Key in keyof T]: Writable<T[Key]> } : T
/** The frame of an op as the server takes it, without what the connection adds. */
type Fields<O extends RequestOp> = O extends unknown ? Omit<Extract<RequestFrame, { op: O }>, 'op' | 'ref'> : never

test('there is a request for each that the server takes, hello aside', () => {
  expectTypeOf<Op | 'hello'>().toEqualTypeOf<RequestOp>()
})

test('what the SDK sends is what the server takes', () => {
  expectTypeOf<Writable<FieldsOf<'send'>>>().toExtend<Fields<'send'>>()
  expectTypeOf<Writable<FieldsOf<'history'>>>().toExtend<Fields<'history'>>()
  expectTypeOf<Writable<FieldsOf<'sync'>>>().toExtend<Fields<'sync'>>()
  expectTypeOf<Writable<FieldsOf<'members'>>>().toExtend<Fields<'members'>>()
  expectTypeOf<Writable<FieldsOf<'users'>>>().toExtend<Fields<'users'>>()
  expectTypeOf<Writable<FieldsOf<'conversations'>>>().toExtend<Fields<'conversations'>>()
  expectTypeOf<Writable<FieldsOf<'search'>>>().toExtend<Fields<'search'>>()
  expectTypeOf<Writable<FieldsOf<'popular'>>>().toExtend<Fields<'popular'>>()
  expectTypeOf<Writable<FieldsOf<'read'>>>().toExtend<Fields<'read'>>()
  expectTypeOf<Writable<FieldsOf<'presence.watch'>>>().toExtend<Fields<'presence.watch'>>()
  expectTypeOf<Writable<FieldsOf<'presence.unwatch'>>>().toExtend<Fields<'presence.unwatch'>>()
  expectTypeOf<Writable<FieldsOf<'edit'>>>().toExtend<Fields<'edit'>>()
  expectTypeOf<Writable<FieldsOf<'delete'>>>().toExtend<Fields<'delete'>>()
  expectTypeOf<Writable<FieldsOf<'react'>>>().toExtend<Fields<'react'>>()
  expectTypeOf<Writable<FieldsOf<'unreact'>>>().toExtend<Fields<'unreact'>>()
  expectTypeOf<Writable<FieldsOf<'pin'>>>().toExtend<Fields<'pin'>>()
  expectTypeOf<Writable<FieldsOf<'unpin'>>>().toExtend<Fields<'unpin'>>()
  expectTypeOf<Writable<FieldsOf<'edits'>>>().toExtend<Fields<'edits'>>()
  expectTypeOf<Writable<FieldsOf<'group.create'>>>().toExtend<Fields<'group.create'>>()
  expectTypeOf<Writable<FieldsOf<'group.leave'>>>().toExtend<Fields<'group.leave'>>()
  expectTypeOf<Writable<FieldsOf<'sessions'>>>().toExtend<Fields<'sessions'>>()
  expectTypeOf<Writable<FieldsOf<'session.end'>>>().toExtend<Fields<'session.end'>>()
  expectTypeOf<Writable<FieldsOf<'password.change'>>>().toExtend<Fields<'password.change'>>()
  expectTypeOf<Writable<FieldsOf<'friends'>>>().toExtend<Fields<'friends'>>()
  expectTypeOf<Writable<FieldsOf<'friend.request'>>>().toExtend<Fields<'friend.request'>>()
  expectTypeOf<Writable<FieldsOf<'block'>>>().toExtend<Fields<'block'>>()
  expectTypeOf<keyof FieldsOf<'friend.request'>>().toEqualTypeOf<keyof Fields<'friend.request'>>()
  expectTypeOf<Writable<FieldsOf<'group.change'>>>().toExtend<Fields<'group.change'>>()
  expectTypeOf<Writable<FieldsOf<'group.invite'>>>().toExtend<Fields<'group.invite'>>()
  expectTypeOf<Writable<FieldsOf<'group.mute'>>>().toExtend<Fields<'group.mute'>>()
  expectTypeOf<Writable<FieldsOf<'group.role'>>>().toExtend<Fields<'group.role'>>()
  expectTypeOf<keyof FieldsOf<'group.change'>>().toEqualTypeOf<keyof Fields<'group.change'>>()
  expectTypeOf<keyof FieldsOf<'group.create'>>().toEqualTypeOf<keyof Fields<'group.create'>>()
  expectTypeOf<keyof FieldsOf<'send'>>().toEqualTypeOf<keyof Fields<'send'>>()
  expectTypeOf<MessageBody['kind']>().toEqualTypeOf<ProtocolBody['kind']>()
})

test.each(Object.entries(closeCode))(
  'a close for %s ends it or is followed by another try, as its range says',
  (_, code) => {
    const [connecting] = step(newConnection, { type: 'start' }, 0)
    const [connected] = step(connecting, { type: 'welcomed' }, 0)
    const [after] = step(connected, { type: 'closed', code, livedMs: 0 }, 0)
    const isTerminal =
      code === closeCode.frameTooBig || (code >= 4400 && code < 4500 && code !== closeCode.sessionEnded)
    expect(after.status).toBe(isTerminal ? 'closed' : 'offline')
  },
)

test('bounds of the SDK fit those of the server', () => {
  expect(unansweredMax).toBeLessThan(unansweredWritesMax)
  expect(gapSeqMax % historyEventsMax).toBe(0)
})
