import { memberBanned, memberInvited, memberJoined, memberRemoved, messagePosted } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { Conversation } from './conversation.ts'
import { emptyDirect } from './direct/state.ts'
import { type Member, noUsers } from './group/state.ts'
import { reachOf } from './large-groups.ts'
import {
  audienceNow,
  audienceOf,
  broadcast,
  groupsOf,
  hintAudience,
  type Location,
  route,
  type Sendable,
  usersOf,
} from './route.ts'

const value = Buffer.from('bytes')
const event = (pos: number, ...users: number[]): Sendable => ({
  pos,
  schema: 'message-posted.v1',
  value,
  audience: new Set(users),
  way: 'each',
})
const told = (pos: number, ...users: number[]) => ({
  ...{ pos, schema: 'message-posted.v1', value, users, isLarge: false, toMembers: false },
})
const at = (slot: number): Location => ({ slot, epoch: slot * 10 })
const locations = new Map<number, readonly Location[]>([
  [1, [at(1)]],
  [2, [at(2), at(1)]],
  [3, [at(3)]],
])
const whereabouts = { locations, groups: new Map([['g1', [at(2), at(4)]]]) }

test('each lease gets one share, with its users of each event, in log order', () => {
  expect(route([event(7, 1, 2), event(8, 2)], whereabouts)).toEqual([
    { ...at(1), events: [told(7, 1, 2), told(8, 2)] },
    { ...at(2), events: [told(7, 2), told(8, 2)] },
  ])
})

test('nothing goes to users who are nowhere, nor to places where nobody of the audience is', () => {
  expect(route([event(7, 4)], whereabouts)).toEqual([])
})

test('one lookup finds everybody of a batch once', () => {
  expect(usersOf([event(1, 1, 2), event(2, 2, 3)])).toEqual(new Set([1, 2, 3]))
})

test('a broadcast names the whole audience, and leaves out events without one', () => {
  expect(broadcast([event(1), event(2, 5, 6)])).toEqual([told(2, 5, 6)])
})

test('a group that is told to connectors is looked up itself, and of its members those alone whom the event is about', () => {
  const reach = { conversation: 'g1', persons: [3, 9] }
  const events = [{ ...event(7, 1, 2, 3), reach, way: 'members' as const }, event(8, 1)]
  expect([usersOf(events), groupsOf(events)]).toEqual([new Set([3, 1]), new Set(['g1'])])
  const toMembers = (...users: number[]) => ({ ...told(7, ...users), isLarge: true, toMembers: true })
  expect(route(events, whereabouts)).toEqual([
    { ...at(3), events: [toMembers(3)] },
    { ...at(2), events: [toMembers()] },
    { ...at(4), events: [toMembers()] },
    { ...at(1), events: [told(8, 1)] },
  ])
  expect(broadcast(events).map(({ users, toMembers }) => [users, toMembers])).toEqual([
    [[1, 2, 3], false],
    [[1], false],
  ])
})

test('of a large group that is told to each member, connectors hear that it is large', () => {
  const large = { ...event(7, 1), reach: { conversation: 'g1', persons: [] }, way: 'each_of_large' as const }
  expect(route([large], whereabouts)).toEqual([{ ...at(1), events: [{ ...told(7, 1), isLarge: true }] }])
  expect(broadcast([large])).toEqual([{ ...told(7, 1), isLarge: true }])
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

test('what all members of a group get names its group, and whom it is about; nothing else does', () => {
  expect(reachOf(messagePosted(1, 'g1', 4), group)).toEqual({ conversation: 'g1', persons: [] })
  for (const event of [memberJoined(7, 'g1', 4), memberRemoved(1, 'g1', 4, 7), memberInvited(1, 'g1', 4, 7)])
    expect(reachOf(event, group)).toEqual({ conversation: 'g1', persons: [7] })
  expect(reachOf(messagePosted(1, 'd1.2', 4), emptyDirect(1, 2))).toBeUndefined()
})
