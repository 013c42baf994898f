import { expect, test } from 'vitest'
import { hopsBetween, parseHistograms } from './hops.ts'

const exposition = (counts: readonly number[]): string =>
  ['1', '10', '100', '+Inf'].map((bound, i) => `chat_x_ms_bucket{le="${bound}",p="1"} ${counts[i]}`).join('\n')

test('percentiles are those of what was observed in between, by all processes', () => {
  const before = [exposition([5, 5, 5, 5]), exposition([0, 0, 0, 0])].map(parseHistograms)
  const after = [exposition([5, 55, 55, 55]), exposition([0, 50, 50, 50])].map(parseHistograms)
  expect(hopsBetween(before, after)).toEqual({ chat_x_ms: { count: 100, p50: 5.5, p99: 9.91 } })
})

test('what lies beyond the last bound is given as that bound, and what was not observed is left out', () => {
  const none = parseHistograms(exposition([0, 0, 0, 0]))
  expect(hopsBetween([none], [parseHistograms(exposition([0, 0, 0, 4]))])).toEqual({
    chat_x_ms: { count: 4, p50: 100, p99: 100 },
  })
  expect(hopsBetween([none], [none])).toEqual({})
})
