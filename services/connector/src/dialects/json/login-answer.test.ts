import { expect, test } from 'vitest'
import type { Group, Member } from '../account-view.ts'
import { jsonBytes, jsonBytesMax } from './codec.ts'
import { loginAnswer } from './login-answer.ts'
import { jsonTo } from './numbers.ts'

const self = { id: 1, name: 'ann' }
const friendOf = (id: number) => ({ id, name: `friend${id}`, isOnline: id % 2 === 0 })
const memberOf = (id: number): Member => ({ ...friendOf(id), isOwner: id === 3 })
const groupOf = (id: number, ...members: readonly number[]): Group => ({
  ...{ id, title: `group${id}`, description: 'd', members: members.map(memberOf) },
})
const offlineOf = (count: number) => Array.from({ length: count }, (_, n) => ({ msgid: 5, msg: `message ${n}` }))

test('what there is none of has no key', () => {
  const { message, rest } = loginAnswer(jsonTo, { self, friends: [], groups: [] }, [])
  expect(JSON.stringify(message)).toBe('{"msgid":2,"errno":0,"id":1,"name":"ann"}')
  expect(rest).toEqual([])
})

test('everything is JSON in texts in arrays', () => {
  const { message } = loginAnswer(jsonTo, { self, friends: [friendOf(2)], groups: [groupOf(9, 3, 1)] }, offlineOf(1))
  expect(message).toEqual({
    ...{ msgid: 2, errno: 0, id: 1, name: 'ann' },
    friends: ['{"id":2,"name":"friend2","state":"online"}'],
    groups: [
      JSON.stringify({
        ...{ id: 9, groupname: 'group9', groupdesc: 'd' },
        users: [
          '{"id":3,"name":"friend3","state":"offline","role":"creator"}',
          '{"id":1,"name":"friend1","state":"offline","role":"normal"}',
        ],
      }),
    ],
    offlinemsg: ['{"msgid":5,"msg":"message 0"}'],
  })
})

test('missed messages are left out first, then members but oneself and owners, then groups, then friends', () => {
  const ids = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n)
  const cases = [
    { friends: 1, members: 0, groups: 1, offline: 100 },
    { friends: 1, members: 50, groups: 1, offline: 3 },
    { friends: 1, members: 1, groups: 50, offline: 3 },
    { friends: 300, members: 1, groups: 2, offline: 3 },
  ]
  const found = cases.map(({ friends, members, groups, offline }) => {
    const view = {
      self,
      friends: ids(100, friends).map(friendOf),
      groups: ids(10, groups).map((id) => groupOf(id, 3, 1, ...ids(500, members))),
    }
    const answer = loginAnswer(jsonTo, view, offlineOf(offline))
    expect(jsonBytes(answer.message)).toBeLessThanOrEqual(jsonBytesMax)
    const shown = answer.message as { friends?: string[]; groups?: string[] }
    const users = (shown.groups ?? []).map((text) => JSON.parse(text).users.length)
    return { friends: shown.friends?.length ?? 0, users, offline: answer.offline, rest: answer.rest }
  })
  const [offline, members, groups, friends] = found
  expect(offline).toMatchObject({ friends: 1, users: [2], rest: [] })
  expect(offline?.offline).toBeGreaterThan(0)
  expect(members).toMatchObject({ friends: 1, users: [expect.any(Number)], offline: 0 })
  expect(members?.rest).toContain('group 10 member 549 friend549 offline normal')
  expect(groups?.offline).toBe(0)
  expect(groups?.rest).toContain('group 59 group59: d')
  expect(groups?.rest).toContain('group 10 member 500 friend500 online normal')
  expect(friends).toMatchObject({ users: [], offline: 0 })
  expect(friends?.rest).toContain('friend 399 friend399 offline')
  // Everybody is told of once, in the answer or after it.
  const told = friends?.rest.filter((text) => text.startsWith('friend ')) ?? []
  expect(told.length + (friends?.friends ?? 0)).toBe(300)
})
