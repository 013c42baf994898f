import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  directConversation,
  groupConversation,
  idMax,
  idOf,
  parseConversation,
  partitionOfConversation,
  partitionOfId,
} from './ids.ts'
import { partitionOf } from './murmur2.ts'

const id = fc.integer({ min: 1, max: idMax })

test('an id carries its partition and no two partitions give the same', () => {
  const partitions = fc.integer({ min: 1, max: 1024 })
  fc.assert(
    fc.property(partitions, fc.nat(), fc.nat({ max: 1_000_000 }), (count, at, n) => {
      expect(partitionOfId(idOf(n, at % count, count), count)).toBe(at % count)
    }),
  )
  const ids = Array.from({ length: 6 }, (_, n) => [0, 1, 2].map((partition) => idOf(n, partition, 3))).flat()
  expect(ids).toEqual(Array.from({ length: 18 }, (_, index) => index + 1))
})

test('a direct conversation has one id whoever begins it', () => {
  fc.assert(
    fc.property(id, id, (a, b) => {
      expect(directConversation(a, b)).toBe(directConversation(b, a))
      expect(parseConversation(directConversation(a, b))).toEqual({
        kind: 'direct',
        lo: Math.min(a, b),
        hi: Math.max(a, b),
      })
    }),
  )
})

test('a group conversation is parsed to its group', () => {
  fc.assert(fc.property(id, (group) => parseConversation(groupConversation(group))?.kind === 'group'))
  expect(parseConversation('g31')).toEqual({ kind: 'group', groupId: 31 })
})

test.each([
  '',
  'g',
  'd',
  'g0',
  'g01',
  'g1 ',
  'g-1',
  'g1e3',
  'g2147483648',
  'd1',
  'd1.',
  'd.2',
  'd2.1',
  'd1.2.3',
  'd01.2',
  'x1',
  'G1',
])('%j is no conversation', (text) => {
  expect(parseConversation(text)).toBeUndefined()
  expect(partitionOfConversation(text, 4)).toBeUndefined()
})

test('whatever parses is written the same way again', () => {
  const text = fc.stringMatching(/^[dg][0-9.]{1,14}$/)
  fc.assert(
    fc.property(text, (conversation) => {
      const parsed = parseConversation(conversation)
      if (parsed === undefined) return
      const written =
        parsed.kind === 'group' ? groupConversation(parsed.groupId) : directConversation(parsed.lo, parsed.hi)
      expect(written).toBe(conversation)
    }),
  )
})

test('a group lives where its id says, a direct conversation where its text hashes', () => {
  expect(partitionOfConversation('g31', 4)).toBe(2)
  expect(partitionOfConversation('d12.57', 24)).toBe(partitionOf('d12.57', 24))
})
