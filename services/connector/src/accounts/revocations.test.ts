import { createMemoryCredentials } from '@chat/credentials/memory'
import { createHealth, Fault, silentLogger } from '@chat/runtime'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createRevocations } from './revocations.ts'
import { accessTokenLifeMs } from './tokens.ts'

const startMs = Date.UTC(2026, 0, 1)

const setUp = async () => {
  const clock = createFakeClock(startMs)
  const health = createHealth()
  const credentials = createMemoryCredentials({ random: createSeededRandom(1) })
  const state = { isAway: false }
  const endedSince: typeof credentials.endedSince = async (since) => {
    if (state.isAway) throw new Fault('credentials_unavailable', 'away')
    return credentials.endedSince(since)
  }
  const revocations = createRevocations({
    credentials: { ...credentials, endedSince },
    clock,
    health,
    logger: silentLogger,
  })
  const heard: string[] = []
  revocations.onEnded((ids) => heard.push(...ids))
  const session = (id: string) => ({ id, userId: 1, device: 'd', createdAt: startMs, expiresAt: startMs + 1e9 })
  for (const id of ['a', 'b', 'c']) await credentials.beginSession(session(id))
  return { clock, health, credentials, state, revocations, heard }
}

test('a session ended elsewhere is known within 5 s, and told once', async () => {
  const { clock, credentials, revocations, heard } = await setUp()
  await revocations.start()
  await credentials.endSession('a', clock.now())
  await clock.advance(5000)
  expect(revocations.isEnded('a')).toBe(true)
  expect(revocations.isEnded('b')).toBe(false)
  await clock.advance(60_000)
  expect(heard).toEqual(['a'])
  await revocations.stop()
})

test('knows when it starts what ended while tokens of it are still valid', async () => {
  const { clock, credentials, revocations } = await setUp()
  await credentials.endSession('a', clock.now())
  await clock.advance(accessTokenLifeMs - 1)
  await revocations.start()
  expect(revocations.isEnded('a')).toBe(true)
  await revocations.stop()
})

test('what ended here is known at once, and a listener taken off hears nothing more', async () => {
  const { revocations, heard } = await setUp()
  const others: string[] = []
  const off = revocations.onEnded((ids) => others.push(...ids))
  revocations.end(['a'])
  off()
  revocations.end(['a', 'b'])
  expect(revocations.isEnded('a')).toBe(true)
  expect(heard).toEqual(['a', 'b'])
  expect(others).toEqual(['a'])
})

test('forgets a session once no token of it can be valid', async () => {
  const { clock, revocations } = await setUp()
  await revocations.start()
  revocations.end(['a'])
  // A connector whose clock is two hours ahead may have signed one.
  await clock.advance(accessTokenLifeMs + 2 * 60 * 60_000)
  expect(revocations.isEnded('a')).toBe(true)
  await clock.advance(4 * 60 * 60_000)
  expect(revocations.isEnded('a')).toBe(false)
  await revocations.stop()
})

test('a database that is away at start keeps the connector not ready until it comes', async () => {
  const { clock, credentials, state, health, revocations } = await setUp()
  state.isAway = true
  await revocations.start()
  expect(health.reasons()).toHaveProperty('credentials')
  await credentials.endSession('a', clock.now())
  state.isAway = false
  await clock.advance(2000)
  expect(health.isReady()).toBe(true)
  expect(revocations.isEnded('a')).toBe(true)
  await revocations.stop()
})

test('one lost poll changes nothing, several in a row make it not ready, and nothing is missed', async () => {
  const { clock, credentials, state, health, revocations } = await setUp()
  await revocations.start()
  state.isAway = true
  await credentials.endSession('a', clock.now())
  await clock.advance(4000)
  expect(health.isReady()).toBe(true)
  await clock.advance(2000)
  expect(health.isReady()).toBe(false)
  state.isAway = false
  await clock.advance(2000)
  expect(health.isReady()).toBe(true)
  expect(revocations.isEnded('a')).toBe(true)
  await revocations.stop()
})

test('stops polling, twice if asked', async () => {
  const { clock, revocations } = await setUp()
  await revocations.start()
  await revocations.stop()
  await revocations.stop()
  expect(clock.pending()).toBe(0)
})

test('a session that expires is ended, unless it was refreshed before', async () => {
  const { clock, credentials, revocations, heard } = await setUp()
  const session = (id: string) => ({ id, userId: 1, device: 'd', createdAt: startMs, expiresAt: startMs + 10_000 })
  await credentials.beginSession(session('short'))
  const { refreshToken } = await credentials.beginSession(session('refreshed'))
  await revocations.start()
  await clock.advance(5_000)
  await credentials.refresh(refreshToken, clock.now(), 60_000)
  expect(heard).toEqual([])
  await clock.advance(9_000)
  expect(heard).toEqual(['short'])
  await clock.advance(10_000)
  expect(heard).toEqual(['short', 'refreshed'])
  await revocations.stop()
})
