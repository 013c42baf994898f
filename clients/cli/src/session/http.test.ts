import { expect, test } from 'vitest'
import { createTestSurroundings, type TestAnswer, testUrl } from '../test-surroundings.ts'
import { createHttp } from './http.ts'

const limited: TestAnswer = { status: 429, body: { code: 'rate_limited', detail: 'slowly', retryAfterMs: 3_000 } }
const request = { method: 'POST', body: {} } as const

const httpWith = (answers: readonly TestAnswer[], patienceMs: number, stopped?: AbortSignal) => {
  const left = [...answers]
  const answer = () => left.shift() ?? { status: 200, body: 'done' }
  const surroundings = createTestSurroundings({ answer, ...(stopped === undefined ? {} : { stopped }) })
  const limits: number[] = []
  const { fetchJson, clock } = surroundings
  const onRateLimited = (ms: number) => void limits.push(ms)
  const http = createHttp({ url: testUrl, fetchJson, clock, stopped: surroundings.stopped, patienceMs, onRateLimited })
  return { http, limits, surroundings }
}

test('a rate is waited out as the server says, and told, also by what may not be repeated: it had no effect', async () => {
  const { http, limits, surroundings } = httpWith([limited, limited], 10_000)
  expect(await http.call('/x', request, false)).toBe('done')
  expect([limits, surroundings.waitedMs()]).toEqual([[3_000, 3_000], 6_000])
})

test('patience has an end', async () => {
  const { http, surroundings } = httpWith([limited, limited, limited], 5_000)
  await expect(http.call('/x', request, true)).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 3_000 })
  expect(surroundings.requests).toHaveLength(2)
})

test('what may not be repeated is sent once when nobody answers', async () => {
  const { http, surroundings } = httpWith([new Error('lost')], 5_000)
  await expect(http.call('/x', request, false)).rejects.toMatchObject({ code: 'unreachable', status: 3 })
  expect(surroundings.requests).toHaveLength(1)
})

test('nothing is asked any more once the program was stopped', async () => {
  const { http, surroundings } = httpWith([], 5_000, AbortSignal.abort())
  await expect(http.call('/x', request, true)).rejects.toMatchObject({ status: 130 })
  expect(surroundings.requests).toEqual([])
})
