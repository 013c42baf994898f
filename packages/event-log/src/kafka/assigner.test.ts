import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assign, type Claim, decodeClaim, encodeClaim } from './assigner.ts'

const partitions = 24

const claims: fc.Arbitrary<readonly Claim[]> = fc.uniqueArray(
  fc.record({
    member: fc.string({ minLength: 1, maxLength: 4 }),
    generation: fc.integer({ min: -1, max: 4 }),
    partitions: fc.uniqueArray(fc.integer({ min: 0, max: 30 })),
  }),
  { selector: ({ member }) => member, minLength: 1, maxLength: 8 },
)

const next = (assigned: ReadonlyMap<string, readonly number[]>, generation: number): readonly Claim[] =>
  [...assigned].map(([member, held]) => ({ member, generation, partitions: held }))

test('every partition has one owner and counts differ by at most one, whatever members claim', () => {
  fc.assert(
    fc.property(claims, (members) => {
      const assigned = assign(members, partitions)
      const all = [...assigned.values()].flat().toSorted((a, b) => a - b)
      expect(all).toEqual(Array.from({ length: partitions }, (_, partition) => partition))
      const counts = [...assigned.values()].map(({ length }) => length)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    }),
  )
})

test('the same members get the same again, in whatever order they are listed', () => {
  fc.assert(
    fc.property(claims, (members) => {
      const assigned = assign(members, partitions)
      expect(assign(next(assigned, 9).toReversed(), partitions)).toEqual(assigned)
      expect(assign(members.toReversed(), partitions)).toEqual(assigned)
    }),
  )
})

test('a newcomer takes only his share, and nobody else gains', () => {
  fc.assert(
    fc.property(claims, (members) => {
      const before = assign(members, partitions)
      const newcomer = { member: 'newcomer', generation: -1, partitions: [] }
      const after = assign([...next(before, 9), newcomer], partitions)
      for (const [member, held] of before) {
        const kept = after.get(member) ?? []
        expect(kept.filter((partition) => !held.includes(partition))).toEqual([])
      }
      expect(after.get('newcomer')?.length).toBeGreaterThan(0)
    }),
  )
})

test('those who stay keep what they had when one leaves', () => {
  const before = assign(
    ['a', 'b', 'c'].map((member) => ({ member, generation: -1, partitions: [] })),
    partitions,
  )
  const after = assign(next(before, 1).slice(0, 2), partitions)
  for (const [member, held] of after) expect(held).toEqual(expect.arrayContaining([...(before.get(member) ?? [])]))
})

test('of two who claim one partition the one of the newer generation keeps it', () => {
  const assigned = assign(
    [
      { member: 'a', generation: 3, partitions: [0] },
      { member: 'b', generation: 5, partitions: [0] },
    ],
    2,
  )
  expect(assigned).toEqual(
    new Map([
      ['a', [1]],
      ['b', [0]],
    ]),
  )
})

test('a claim is read as it was written, and a strange one claims nothing', () => {
  expect(decodeClaim('m', encodeClaim(7, new Set([3, 1])))).toEqual({ member: 'm', generation: 7, partitions: [3, 1] })
  expect(decodeClaim('m', encodeClaim(-1, new Set()))).toEqual({ member: 'm', generation: -1, partitions: [] })
  expect(decodeClaim('m', Buffer.from('something else'))).toEqual({ member: 'm', generation: 0, partitions: [] })
})
