import { createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { randomId, uuidV7 } from './random.ts'

test('a UUID v7 carries its time in 48 bits, version and variant, and is random besides', () => {
  const random = createSeededRandom(1)
  const nowMs = 1_790_000_000_123
  const [first, second] = [uuidV7(nowMs, random), uuidV7(nowMs, random)]
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(Number.parseInt(first.slice(0, 8) + first.slice(9, 13), 16)).toBe(nowMs)
  expect(first).not.toBe(second)
  expect(uuidV7(2 ** 47, random).slice(0, 13)).toBe('80000000-0000')
})

test('those of a later ms are greater', () => {
  const random = createSeededRandom(2)
  const ids = [0, 1, 255, 2 ** 32 - 1, 2 ** 32, 2 ** 40].map((nowMs) => uuidV7(nowMs, random))
  expect(ids.toSorted()).toEqual(ids)
})

test('a random id has 32 hex digits', () => {
  expect(randomId(createSeededRandom(3))).toMatch(/^[0-9a-f]{32}$/)
})
