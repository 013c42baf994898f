import { createMemoryPresence } from '@chat/presence/memory'
import { createMetrics, Fault, silentLogger } from '@chat/runtime'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createLocator } from './locator.ts'
import { createRouterMetrics } from './metrics.ts'

const createWorld = async () => {
  const clock = createFakeClock(1_000_000)
  const store = createMemoryPresence({ clock, random: createSeededRandom(1), slots: 2 })
  const lease = await store.lease({ id: 'c', socketUrl: '', connections: 0, capacity: 1, isReady: true })
  await store.register(lease, [1], 0)
  const world = { lookups: 0, cannotTell: false }
  const told: number[] = []
  const fatal: unknown[] = []
  const lookup = (users: readonly number[]) => {
    world.lookups++
    return store.lookup(users)
  }
  const locator = createLocator({
    ...{ presence: { ...store, lookup }, clock, logger: silentLogger },
    metrics: createRouterMetrics(createMetrics({ withProcess: 'bare' })),
    announce: async () => {
      if (world.cannotTell) throw new Fault('log_unavailable', 'away')
      told.push(clock.monotonic())
    },
    onFatal: (error) => void fatal.push(error),
  })
  locator.start()
  const isLocated = async () => (await locator.locate(new Set([1]))) !== undefined
  return { clock, store, locator, world, told, fatal, isLocated }
}

test('while presence is away no batch asks it: one probe a second does, and connectors are told each second', async () => {
  const { clock, store, world, told, isLocated } = await createWorld()
  expect(await isLocated()).toBe(true)
  store.goAway()
  expect(await isLocated()).toBe(false)
  expect(told).toHaveLength(1)
  const { lookups } = world
  for (let batch = 0; batch < 100; batch++) {
    expect(await isLocated()).toBe(false)
    await clock.advance(100)
  }
  expect(world.lookups - lookups).toBe(10)
  expect(told).toHaveLength(11)
})

test('an idle router finds out by itself within two seconds', async () => {
  const { clock, store, told } = await createWorld()
  store.goAway()
  await clock.advance(2_000)
  expect(told.length).toBeGreaterThan(0)
})

test('presence is back: ten seconds of broadcasts, told for the first five of them', async () => {
  const { clock, store, told, isLocated } = await createWorld()
  store.goAway()
  await clock.advance(5_000)
  store.comeBack()
  await clock.advance(1_000) // The probe that finds it.
  const backMs = clock.monotonic()
  await clock.advance(9_900)
  expect(await isLocated()).toBe(false)
  expect((told.at(-1) ?? 0) - backMs).toBeGreaterThan(3_000)
  expect((told.at(-1) ?? 0) - backMs).toBeLessThanOrEqual(5_000)
  await clock.advance(100)
  expect(await isLocated()).toBe(true)
})

test('another generation is noticed by a probe, and broadcast for ten seconds, without saying that presence is away', async () => {
  const { clock, store, told, isLocated } = await createWorld()
  expect(await isLocated()).toBe(true)
  store.wipe()
  await clock.advance(2_000)
  await store.lease({ id: 'd', socketUrl: '', connections: 0, capacity: 1, isReady: true })
  await clock.advance(2_000)
  expect(await isLocated()).toBe(false)
  await clock.advance(10_000)
  expect([await isLocated(), told]).toEqual([true, []])
})

test('telling that fails is tried again with the next second, and is nobody’s end', async () => {
  const { clock, store, told, fatal, world } = await createWorld()
  store.goAway()
  world.cannotTell = true
  await clock.advance(3_000)
  expect(told).toEqual([])
  world.cannotTell = false
  await clock.advance(1_000)
  expect([told.length, fatal]).toEqual([1, []])
})

test('after stop nothing is asked or told', async () => {
  const { clock, store, locator, told, world } = await createWorld()
  store.goAway()
  locator.stop()
  locator.stop()
  await clock.advance(5_000)
  expect([told, world.lookups, clock.pending()]).toEqual([[], 0, 0])
})
