import type { Lease, Presence } from '@chat/presence'
import { createMemoryPresence } from '@chat/presence/memory'
import { createHealth, Fault, silentLogger } from '@chat/runtime'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createLeaseKeeper, type LeaseHolder } from './lease.ts'

const info = { id: 'c', socketUrl: 'ws://x', connections: 0, capacity: 1, isReady: true }

const createKeeper = (slots = 2) => {
  const clock = createFakeClock(1_000_000)
  const random = createSeededRandom(1)
  const store = createMemoryPresence({ clock, random, slots })
  const health = createHealth()
  const world = { isAway: false, hasBug: false, frozenMs: 0, generation: '' }
  const guarded =
    <A extends readonly unknown[], R>(run: (...args: A) => Promise<R>) =>
    async (...args: A) => {
      if (world.hasBug) throw new Error('bug')
      if (world.isAway) throw new Fault('presence_unavailable', 'away')
      return run(...args)
    }
  const renew: Presence['renew'] = async (lease, told) => {
    const answer = await store.renew(lease, told)
    return answer.outcome === 'renewed' && world.generation !== ''
      ? { ...answer, generation: world.generation }
      : answer
  }
  const presence: Presence = { ...store, lease: guarded(store.lease), renew: guarded(renew) }
  const freezing = { ...clock, monotonic: () => clock.monotonic() + world.frozenMs }
  const told: string[] = []
  const leases: Lease[] = []
  const holder: LeaseHolder = {
    info: () => info,
    adopt: async () => {},
    adopted: (lease) => {
      leases.push(lease)
      told.push('adopted')
    },
    generationChanged: () => void told.push('generation'),
    ended: (how) => void told.push(how),
  }
  const fatal: unknown[] = []
  const onFatal = (error: unknown) => void fatal.push(error)
  const keeper = createLeaseKeeper({ presence, clock: freezing, random, health, logger: silentLogger, onFatal }, holder)
  return { clock, store, health, world, told, leases, keeper, fatal }
}

test('takes a lease, is ready with it, and keeps it', async () => {
  const { clock, keeper, told, health } = createKeeper()
  const started = keeper.start()
  expect(health.isReady()).toBe(false)
  await started
  await clock.advance(60_000)
  expect({ told, ready: health.isReady(), slot: keeper.current()?.slot }).toEqual({
    told: ['adopted'],
    ready: true,
    slot: 0,
  })
})

test('waits with a reason while presence is away, and goes on when it comes', async () => {
  const { clock, keeper, world, health } = createKeeper()
  world.isAway = true
  const started = keeper.start()
  await clock.advance(10_000)
  expect(health.reasons()).toEqual({ presence: 'presence cannot be reached' })
  world.isAway = false
  await clock.advance(3_000)
  await started
  expect(health.isReady()).toBe(true)
})

test('waits with a reason while all slots are taken', async () => {
  const { clock, keeper, store, health } = createKeeper(1)
  const other = await store.lease(info)
  void keeper.start()
  await clock.advance(3_000)
  expect(health.reasons()).toEqual({ presence: 'all delivery slots are taken' })
  await store.release(other)
  await clock.advance(3_000)
  expect(keeper.current()?.slot).toBe(0)
})

test('gives the lease up after four seconds without a renewal, before anybody else can have the slot', async () => {
  const { clock, keeper, world, told } = createKeeper()
  await keeper.start()
  world.isAway = true
  await clock.advance(3_000)
  expect(told).toEqual(['adopted'])
  await clock.advance(1_500)
  expect(told).toEqual(['adopted', 'expired'])
  expect(keeper.current()).toBeUndefined()
})

test('takes a new lease after presence came back', async () => {
  const { clock, keeper, world, told, leases } = createKeeper()
  await keeper.start()
  world.isAway = true
  await clock.advance(20_000)
  world.isAway = false
  await clock.advance(3_000)
  expect(told).toEqual(['adopted', 'expired', 'adopted'])
  expect(leases[1]?.epoch).toBeGreaterThan(leases[0]?.epoch ?? Number.POSITIVE_INFINITY)
})

test('a lease that presence forgot is replaced at once', async () => {
  const { clock, keeper, store, told } = createKeeper()
  await keeper.start()
  store.wipe()
  await clock.advance(1_500)
  expect(told).toEqual(['adopted', 'forgotten', 'adopted'])
  expect(keeper.current()).toBeDefined()
})

test('a process that was frozen for long gives its lease up, also when nobody took the slot', async () => {
  const { clock, keeper, told, world } = createKeeper()
  await keeper.start()
  await clock.advance(500)
  world.frozenMs = 5_000
  await clock.advance(600)
  expect(told).toEqual(['adopted', 'expired', 'adopted'])
})

test('another generation is told, and the lease goes on', async () => {
  const { clock, keeper, told, world } = createKeeper()
  await keeper.start()
  world.generation = 'another'
  await clock.advance(5_000)
  expect(told).toEqual(['adopted', 'generation'])
  expect(keeper.current()?.generation).toBe('another')
})

test('gives the slot back when it stops, twice in a row', async () => {
  const { clock, keeper, store } = createKeeper(1)
  await keeper.start()
  const stopped = keeper.stop()
  await clock.advance(10)
  await stopped
  await keeper.stop()
  expect((await store.lease(info)).slot).toBe(0)
})

test('stops while it waits for its first lease', async () => {
  const { clock, keeper, world } = createKeeper()
  world.isAway = true
  const started = keeper.start().catch(() => 'stopped')
  await clock.advance(500)
  await keeper.stop()
  expect(await started).toBe('stopped')
})

test('a bug is fatal, not an outage', async () => {
  const { clock, keeper, fatal, world } = createKeeper()
  await keeper.start()
  world.hasBug = true
  await clock.advance(2_000)
  expect(fatal).toMatchObject([{ message: 'bug' }])
})
