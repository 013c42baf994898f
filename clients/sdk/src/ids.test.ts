import { isUuid, isUuidV7, uuidV7TimeMs } from '@chat/schemas/protocol'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { addressOf, createMessageIds, directConversation, uuidV4 } from './ids.ts'

test('ids are those that the server takes, and those of messages grow even within one ms', () => {
  const random = createSeededRandom(1)
  expect(isUuid(uuidV4(random))).toBe(true)
  const nextId = createMessageIds(createFakeClock(1_767_225_600_000), random)
  const ids = [nextId(), nextId(), nextId()]
  expect(ids.every(isUuidV7)).toBe(true)
  expect(ids.map(uuidV7TimeMs)).toEqual([1_767_225_600_000, 1_767_225_600_001, 1_767_225_600_002])
})

test('a message goes to the other person of a direct conversation, or to the group', () => {
  expect(directConversation(7, 3)).toBe('d3.7')
  expect([addressOf('d3.7', 3), addressOf('d3.7', 7), addressOf('d3.3', 3)]).toEqual([
    { user: 7 },
    { user: 3 },
    { user: 3 },
  ])
  expect(addressOf('g21', 3)).toEqual({ conversation: 'g21' })
})
