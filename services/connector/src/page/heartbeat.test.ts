import { expect, test } from 'vitest'
// @ts-expect-error The page is plain JavaScript, served as it is.
import { createHeartbeat } from './heartbeat.js'
import { openBrowser } from './test-browser.ts'

const setUp = () => {
  const { clock } = openBrowser()
  const calls: string[] = []
  const heartbeat = createHeartbeat({
    onSilence: () => calls.push('silence'),
    onDead: () => calls.push('dead'),
  })
  heartbeat.every(20_000)
  return { clock, calls, heartbeat }
}

test('asks for a sign of life after one heartbeat of silence, and gives up ten seconds later', async () => {
  const { clock, calls } = setUp()
  await clock.advance(19_999)
  expect(calls).toEqual([])
  await clock.advance(1)
  expect(calls).toEqual(['silence'])
  await clock.advance(9_999)
  expect(calls).toEqual(['silence'])
  await clock.advance(1)
  expect(calls).toEqual(['silence', 'dead'])
})

test('whatever is heard begins the silence anew, also after it was asked for', async () => {
  const { clock, calls, heartbeat } = setUp()
  for (let i = 0; i < 5; i++) {
    await clock.advance(15_000)
    heartbeat.heard()
  }
  expect(calls).toEqual([])
  await clock.advance(25_000)
  heartbeat.heard()
  await clock.advance(19_000)
  expect(calls).toEqual(['silence'])
})

test('is silent once stopped', async () => {
  const { clock, calls, heartbeat } = setUp()
  heartbeat.stop()
  await clock.advance(100_000)
  expect(calls).toEqual([])
})
