import { expect, test } from 'vitest'
import { membersOf, messageAt, numberIn, ownerOf, type SeedSize } from './seed-plan.ts'

const size: SeedSize = { users: 99, rooms: 9, messages: 5_000 }
const members = (of: SeedSize) => Array.from({ length: of.rooms }, (_, i) => membersOf(i + 1, of))

test('every user is in three rooms, and every room has an owner among its members', () => {
  const all = members(size)
  const roomsOf = (user: number) => all.filter((users) => users.includes(user)).length
  for (let user = 1; user <= size.users; user++) expect(roomsOf(user)).toBe(3)
  for (const [i, users] of all.entries()) {
    expect(users[0]).toBe(ownerOf(i + 1, size.users))
    expect(new Set(users).size).toBe(users.length)
  }
})

test.each([
  { users: 1, rooms: 4, messages: 10 },
  { users: 7, rooms: 1, messages: 10 },
  { users: 2, rooms: 2, messages: 3 },
])('messages are of members, whatever the numbers: %j', (small) => {
  const all = members(small)
  for (let number = 1; number <= small.messages; number++) {
    const { room, author } = messageAt(number, small, all)
    expect(all[room - 1]).toContain(author)
  }
})

test('a message says its number, and is always the same', () => {
  const all = members(size)
  const texts = Array.from({ length: size.messages }, (_, i) => messageAt(i + 1, size, all).text)
  expect(texts.map(numberIn)).toEqual(texts.map((_, i) => i + 1))
  expect(messageAt(17, size, all)).toEqual(messageAt(17, size, all))
  expect(new Set(texts.map((text) => text.replace(/ \(seed.*/, ''))).size).toBeGreaterThan(300)
  expect(numberIn('the rate (seed 5) was high')).toBeUndefined()
})
