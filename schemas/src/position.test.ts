import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodePosition, encodePosition } from './position.ts'

test('a position survives its token', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1023 }), fc.maxSafeNat(), (partition, pos) => {
      expect(decodePosition(encodePosition({ partition, pos }))).toEqual({ partition, pos })
    }),
  )
})

test('anything else is no position, and never throws', () => {
  const token = (text: string) => Buffer.from(text).toString('base64url')
  for (const text of [
    '',
    'x',
    token('1'),
    token('1.'),
    token('.1'),
    token('-1.2'),
    token('1.2.3'),
    token('1.9999999999999999'),
  ])
    expect(decodePosition(text)).toBeUndefined()
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => decodePosition(text) === undefined || text !== ''))
})
