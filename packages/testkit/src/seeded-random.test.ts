import { expect, test } from 'vitest'
import { createSeededRandom } from './seeded-random.ts'

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number) => {
    const random = createSeededRandom(seed)
    return [...Array.from({ length: 5 }, () => random.fraction()), ...random.bytes(5)]
  }
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})

test('fractions spread over [0, 1)', () => {
  const random = createSeededRandom(1)
  const drawn = Array.from({ length: 10_000 }, () => random.fraction())
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...drawn)).toBeLessThan(1)
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length
  expect(mean).toBeGreaterThan(0.48)
  expect(mean).toBeLessThan(0.52)
})
