import { memberBanned, memberInvited, memberJoined, memberRemoved, messagePosted } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { Conversation } from './conversation.ts'
import { emptyDirect } from './direct/state.ts'
import { type Member, noUsers } from './group/state.ts'
import {
  audienceNow,
  audienceOf,
  broadcast,
  type Deliverable,
  hintAudience,
  type Location,
  route,
  usersOf,
} from './route.ts'

const value = Buffer.from('bytes')
const event = (pos: number, ...users: number[]): Deliverable => ({
  pos,
  schema: 'message-posted.v1',
  value,
  audience: new Set(users),
})
const at = (slot: number): Location => ({ slot, epoch: slot * 10 })
const locations = new Map<number, readonly Location[]>([
  [1, [at(1)]],
  [2, [at(2), at(1)]],
  [3, [at(3)]],
])

test('each lease gets one share, with its users of each event, in log order', () => {
  expect(route([event(7, 1, 2), event(8, 2)], locations)).toEqual([
    {
      ...at(1),
      events: [
        { pos: 7, schema: 'message-posted.v1', value, users: [1, 2] },
        { pos: 8, schema: 'message-posted.v1', value, users: [2] },
      ],
    },
    {
      ...at(2),
      events: [
        { pos: 7, schema: 'message-posted.v1', value, users: [2] },
        { pos: 8, schema: 'message-posted.v1', value, users: [2] },
      ],
    },
  ])
})

test('nothing goes to users who are nowhere, nor to places where nobody of the audience is', () => {
  expect(route([event(7, 4)], locations)).toEqual([])
})

test('one lookup finds everybody of a batch once', () => {
  expect(usersOf([event(1, 1, 2), event(2, 2, 3)])).toEqual(new Set([1, 2, 3]))
})

test('a broadcast names the whole audience, and leaves out events without one', () => {
  expect(broadcast([event(1), event(2, 5, 6)])).toEqual([{ pos: 2, schema: 'message-posted.v1', value, users: [5, 6] }])
})

const group = {
  kind: 'group',
  isPublic: true,
  joinPolicy: 'open',
  isForAdmins: false,
  isClosed: false,
  members: new Map<number, Member>([
    [1, { role: 'owner', joinedSeq: 1, mutedUntilMs: 0 }],
    [2, { role: 'member', joinedSeq: 5, mutedUntilMs: 0 }],
  ]),
  acquainted: noUsers,
  invited: noUsers,
  requested: noUsers,
  banned: noUsers,
  pins: [],
  lastSeq: 9,
  lastAtMs: 0,
} as const

test('after a takeover an event goes to present members whose stay covers it', () => {
  expect([...audienceNow(messagePosted(1, 'g1', 4), group).keys()]).toEqual([1])
  expect([...audienceNow(messagePosted(1, 'g1', 5), group).keys()]).toEqual([1, 2])
  const direct = emptyDirect(1, 2)
  expect([...audienceNow(messagePosted(1, 'd1.2', 1), direct).keys()]).toEqual([1, 2])
  expect([...audienceNow(messagePosted(1, 'g1', 1), undefined).keys()]).toEqual([])
})

test('after a takeover whom it is about hears of it, though he is no member', () => {
  expect([...audienceNow(memberInvited(1, 'g1', 4, 7), group).keys()]).toEqual([1, 7])
  for (const event of [memberRemoved(1, 'g1', 4, 7), memberBanned(1, 'g1', 4, 7)])
    expect([...audienceNow(event, group).keys()]).toEqual([1])
})

test('an invitation goes to whom it is for, and copies no members', () => {
  const audience = audienceOf(memberInvited(1, 'g1', 9, 7), group, group)
  expect([...audience.keys()]).toEqual([1, 2, 7])
  expect(audience.size).toBe(3)
  expect([1, 2, 7, 8].map((user) => audience.has(user))).toEqual([true, true, true, false])
})

test('who is sent away gets the event of it, who was none gets no ban', () => {
  const later = { ...group, members: new Map([...group.members].slice(0, 1)) }
  expect([...audienceOf(memberRemoved(1, 'g1', 9, 2), group, later).keys()]).toEqual([1, 2])
  expect([...audienceOf(memberJoined(2, 'g1', 9), later, group).keys()]).toEqual([1, 2])
  expect([...audienceOf(memberBanned(1, 'g1', 9, 7), group, group).keys()]).toEqual([1, 2])
})

test('of what somebody reads and writes the members are told, but nobody across a block', () => {
  const direct = emptyDirect(1, 2)
  const keysOf = (conversation: Conversation, user: number) => [...(hintAudience(conversation, user, 64)?.keys() ?? [])]
  expect(keysOf(direct, 1)).toEqual([1, 2])
  expect(hintAudience(direct, 3, 64)).toBeUndefined()
  for (const blocked of [
    { ...direct, isBlockedByLo: true },
    { ...direct, isBlockedByHi: true },
  ]) {
    expect(keysOf(blocked, 1)).toEqual([1])
    expect(keysOf(blocked, 2)).toEqual([2])
    expect(hintAudience(blocked, 3, 64)).toBeUndefined()
  }
})
