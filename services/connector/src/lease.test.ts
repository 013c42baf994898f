import type { Lease, Presence } from '@chat/presence'
import { createMemoryPresence } from '@chat/presence/memory'
import { createHealth, Fault, silentLogger } from '@chat/runtime'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { createLeaseKeeper, type LeaseHolder } from './lease.ts'
import { createPresenceNews } from './presence-news.ts'

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
    return answer.outcome !== 'lost' && world.generation !== '' ? { ...answer, generation: world.generation } : answer
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
    restored: () => void told.push('restored'),
    renewed: () => {},
    ended: (how) => void told.push(how),
  }
  const fatal: unknown[] = []
  const onFatal = (error: unknown) => void fatal.push(error)
  const news = createPresenceNews(freezing)
  const warnings: unknown[] = []
  const logger = { ...silentLogger, warn: (_: object, line: string) => void warnings.push(line) }
  const keeper = createLeaseKeeper({ presence, clock: freezing, random, health, logger, news, onFatal }, holder)
  /** Routers tell each second for so long. */
  const hearFor = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      news.heard()
      await clock.advance(1000)
    }
  }
  return { clock, store, news, hearFor, health, world, told, leases, keeper, fatal, warnings }
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

test('says once that renewals fail, and again when they fail anew', async () => {
  const { clock, keeper, world, told, warnings } = createKeeper()
  await keeper.start()
  for (const isAway of [true, false, true, false]) {
    world.isAway = isAway
    await clock.advance(2_500)
  }
  expect({ told, warnings }).toEqual({ told: ['adopted'], warnings: ['lease not renewed', 'lease not renewed'] })
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

test('a lease that presence forgot goes on, and all are registered again', async () => {
  const { clock, keeper, store, told, leases } = createKeeper()
  await keeper.start()
  store.wipe()
  await clock.advance(1_500)
  expect(told).toEqual(['adopted', 'restored'])
  expect(keeper.current()?.epoch).toBe(leases[0]?.epoch)
  await clock.advance(10_000)
  expect(told).toEqual(['adopted', 'restored'])
})

test('a lease that presence forgot and gave to another is replaced at once', async () => {
  const { clock, keeper, store, told } = createKeeper()
  await keeper.start()
  store.wipe()
  await clock.advance(10)
  const other = await store.lease(info)
  await clock.advance(1_500)
  expect(told).toEqual(['adopted', 'taken', 'adopted'])
  expect(keeper.current()?.slot).not.toBe(other.slot)
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
  expect(told).toEqual(['adopted', 'restored'])
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

describe('presence away, and routers say so', () => {
  test('keeps the lease and the readiness for as long as they do, and no longer than three seconds more', async () => {
    const { keeper, world, told, health, hearFor, clock } = createKeeper()
    await keeper.start()
    world.isAway = true
    await hearFor(30)
    expect({ told, ready: health.isReady(), away: keeper.isPresenceAway() }).toEqual({
      told: ['adopted'],
      ready: true,
      away: true,
    })
    await clock.advance(3_000)
    expect(told).toEqual(['adopted', 'expired'])
    expect([keeper.current(), keeper.isPresenceAway(), health.isReady()]).toEqual([undefined, false, false])
  })

  test('a lease that is still there when presence is back goes on; all are registered again', async () => {
    const { keeper, world, told, leases, hearFor, store, clock } = createKeeper()
    await keeper.start()
    world.isAway = true
    await hearFor(3)
    const [lease] = leases
    if (lease === undefined) throw new Error('no lease')
    for (let second = 0; second < 10; second++) {
      await store.renew(lease, info) // A store that stood still: its leases did too.
      await hearFor(1)
    }
    world.isAway = false
    await clock.advance(1_500)
    expect(told).toEqual(['adopted', 'restored'])
    expect([keeper.current()?.epoch, keeper.isPresenceAway()]).toEqual([lease.epoch, false])
    await clock.advance(10_000)
    expect(told).toEqual(['adopted', 'restored'])
  })

  test('a lease that ran out meanwhile goes on when presence is back; all are registered again', async () => {
    const { keeper, world, told, leases, hearFor, clock } = createKeeper()
    await keeper.start()
    world.isAway = true
    await hearFor(10)
    world.isAway = false
    await clock.advance(1_500)
    expect(told).toEqual(['adopted', 'restored'])
    expect([keeper.current()?.epoch, keeper.isPresenceAway()]).toEqual([leases[0]?.epoch, false])
  })

  test('a slot that somebody else took first is given up for a new one, without calling it expired', async () => {
    const { keeper, world, told, leases, hearFor, store, clock } = createKeeper()
    await keeper.start()
    world.isAway = true
    await hearFor(10)
    const taken = await store.lease(info)
    expect(taken.slot).toBe(leases[0]?.slot)
    world.isAway = false
    await clock.advance(1_500)
    expect(told).toEqual(['adopted', 'taken', 'adopted'])
    expect(keeper.current()?.slot).not.toBe(taken.slot)
  })

  test('a process that was frozen trusts nothing it heard before', async () => {
    const { keeper, world, told, hearFor, clock } = createKeeper()
    await keeper.start()
    world.isAway = true
    await hearFor(10)
    world.frozenMs = 5_000
    await clock.advance(1_000)
    expect(told).toEqual(['adopted', 'expired'])
  })

  test('news alone end no lease and keep none: renewals that work decide', async () => {
    const { keeper, told, hearFor } = createKeeper()
    await keeper.start()
    await hearFor(10)
    expect(told).toEqual(['adopted'])
    expect(keeper.isPresenceAway()).toBe(false)
  })

  test('who is without a lease gets none, and is not ready', async () => {
    const { keeper, world, told, health, hearFor } = createKeeper()
    world.isAway = true
    void keeper.start().catch(() => {})
    await hearFor(10)
    expect([told, health.isReady()]).toEqual([[], false])
  })
})
