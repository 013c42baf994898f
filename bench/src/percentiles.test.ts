import { expect, test } from 'vitest'
import { summarise } from './percentiles.ts'

test('percentiles are nearest-rank values of the sample', () => {
  const samples = Array.from({ length: 1000 }, (_, i) => 1000 - i)
  expect(summarise(samples)).toEqual({ count: 1000, p50: 500, p95: 950, p99: 990, max: 1000 })
})

test('a single sample is every percentile', () => {
  expect(summarise([7])).toEqual({ count: 1, p50: 7, p95: 7, p99: 7, max: 7 })
})
