import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeSyncToken, encodeSyncToken, type SyncToken } from './sync-token.ts'

const offset = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const offsets = fc.record({
  generation: fc.stringMatching(/^[0-9a-f-]{1,36}$/),
  events: fc.array(offset, { maxLength: 30 }),
  receipts: fc.array(offset, { maxLength: 30 }),
})
const id = fc.stringMatching(/^[dg][1-9][0-9.]{0,20}$/)
const token: fc.Arbitrary<SyncToken> = fc.oneof(
  fc.record({ kind: fc.constant('final' as const), base: offsets }),
  fc.record({ kind: fc.constant('moved' as const), end: offsets, afterId: id }),
  fc.record({ kind: fc.constant('all' as const), end: offsets, after: fc.record({ lastAt: offset, id }) }),
  fc.tuple(offsets, offsets, id).map(([end, base, afterId]) => ({
    kind: 'changed' as const,
    end,
    base: { ...base, generation: end.generation },
    afterId,
  })),
)
const user = fc.integer({ min: 1, max: 2 ** 31 - 1 })

test('a token decodes to what was encoded, for its user only', () => {
  fc.assert(
    fc.property(token, user, (each, owner) => {
      const text = encodeSyncToken(owner, each)
      expect(decodeSyncToken(owner, text)).toEqual(each)
      expect(decodeSyncToken(owner + 1, text)).toBeUndefined()
      expect(text).toMatch(/^[\w-]+$/)
    }),
  )
})

test('anything else is no token, and never throws', () => {
  fc.assert(fc.property(fc.string(), (text) => void decodeSyncToken(1, text)))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const decoded = decodeSyncToken(1, Buffer.from([1, ...bytes]).toString('base64url'))
      if (decoded !== undefined) expect(['final', 'all', 'moved', 'changed']).toContain(decoded.kind)
    }),
  )
})

test('a token that lost or gained bytes is none', () => {
  fc.assert(
    fc.property(token, (each) => {
      const bytes = Buffer.from(encodeSyncToken(1, each), 'base64url')
      for (let length = 0; length < bytes.length; length++)
        expect(decodeSyncToken(1, bytes.subarray(0, length).toString('base64url'))).toBeUndefined()
      expect(decodeSyncToken(1, Buffer.concat([bytes, Buffer.from([0])]).toString('base64url'))).toBeUndefined()
    }),
  )
})

test('a token of 24 busy partitions takes less than 400 characters', () => {
  const base = { generation: 'f'.repeat(36), events: Array(24).fill(200_000_000), receipts: Array(24).fill(50_000_000) }
  expect(encodeSyncToken(2 ** 31 - 1, { kind: 'final', base }).length).toBeLessThan(400)
})
