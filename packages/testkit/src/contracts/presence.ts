import type { ConnectorInfo, Lease, Location, Presence } from '@chat/presence'
import { isFault } from '@chat/runtime'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { waitUntil } from '../wait-until.ts'
import { claimTests } from './presence-claims.ts'
import { groupTests } from './presence-groups.ts'

/** An empty store of its own, with `slots` slots and leases of `leaseMs`. */
export interface PresenceStore {
  readonly slots: number
  readonly leaseMs: number
  /** A participant: a connector's or a router's own access to the one store. */
  readonly open: () => Promise<Presence>
  /** Moves a simulated clock; a store with a real one does nothing. */
  readonly elapse: (ms: number) => Promise<void>
  readonly hasSimulatedClock: boolean
  /** Loses everything. */
  readonly wipe: () => Promise<void>
}

const deadlineMs = 5_000

const connector = (id: string): ConnectorInfo => ({
  id,
  socketUrl: `ws://127.0.0.1/${id}`,
  connections: 3,
  capacity: 100,
  isReady: true,
  action: { host: 'chat.example', port: 8005 },
  slot: 2,
})

const locationOf = ({ slot, epoch }: Lease): Location => ({ slot, epoch })

/** What every store of presence must do. */
export const presenceContract = (name: string, createStore: () => Promise<PresenceStore>): void => {
  describe(`presence (${name})`, () => {
    let store: PresenceStore
    let one: Presence
    let two: Presence
    const opened: Presence[] = []
    beforeEach(async () => {
      store = await createStore()
      one = await store.open()
      two = await store.open()
      opened.push(one, two)
    })
    afterAll(() => Promise.all(opened.map((presence) => presence.close())))

    const world: World = {
      store: () => store,
      one: () => one,
      two: () => two,
      located: async (user) => (await two.lookup([user])).locations.get(user) ?? [],
      expireAll: async () => {
        await store.elapse(store.leaseMs + 1)
        await waitUntil(async () => (await one.connectors()).length === 0, { deadlineMs, what: 'leases expire' })
      },
    }
    leaseTests(world)
    entryTests(world)
    sightingTests(world)
    generationTests(world)
    const acts = {
      leaseOf: (presence: Presence, id: string) => presence.lease(connector(id)),
      renew: (presence: Presence, lease: Lease) => presence.renew(lease, connector('renewed')),
      wipe: () => store.wipe(),
    }
    groupTests({ ...world, ...acts })
    claimTests({ ...world, ...acts })
  })
}

interface World {
  readonly store: () => PresenceStore
  readonly one: () => Presence
  readonly two: () => Presence
  readonly located: (user: number) => Promise<readonly Location[]>
  /** Nobody renews until all leases have ended. */
  readonly expireAll: () => Promise<void>
}

const leaseTests = ({ store, one, two, expireAll }: World): void => {
  test('connectors that lease at once get different slots, from 0 up', async () => {
    const leases = await Promise.all(
      Array.from({ length: store().slots }, (_, index) =>
        (index % 2 === 0 ? one() : two()).lease(connector(`c${index}`)),
      ),
    )
    expect(leases.map(({ slot }) => slot).sort((a, b) => a - b)).toEqual(leases.map((_, index) => index))
  })

  test('when all slots are taken a lease is refused for good', async () => {
    for (let index = 0; index < store().slots; index++) await one().lease(connector(`c${index}`))
    await expect(two().lease(connector('late'))).rejects.toSatisfy(
      (error) => isFault(error, 'no_free_slot') && !error.isRetryable,
    )
  })

  test('a released slot is free at once, and its next epoch is greater', async () => {
    const first = await one().lease(connector('a'))
    await one().release(first)
    const second = await two().lease(connector('b'))
    expect(second.slot).toBe(first.slot)
    expect(second.epoch).toBeGreaterThan(first.epoch)
  })

  test('epochs grow over an expiry too, and are no less than the time in ms', async () => {
    const first = await one().lease(connector('a'))
    expect(first.epoch).toBeGreaterThan(1_500_000_000_000)
    await expireAll()
    const second = await two().lease(connector('b'))
    expect(second.slot).toBe(first.slot)
    expect(second.epoch).toBeGreaterThan(first.epoch)
  })

  test('a lease lives as long as it is renewed', async () => {
    const lease = await one().lease(connector('a'))
    const stepMs = store().leaseMs / 5
    const startedAt = performance.now()
    // Ten steps are twice a lease; on a real clock the loop goes on until that has passed as well.
    for (let step = 0; step < 10; step++) {
      await store().elapse(stepMs)
      await waitUntil(
        async () => {
          expect(await one().renew(lease, connector('a'))).toEqual({ outcome: 'renewed', generation: lease.generation })
          return store().hasSimulatedClock || performance.now() - startedAt >= stepMs * (step + 1)
        },
        { deadlineMs, what: 'the step passes' },
      )
    }
    expect(await two().connectors()).toEqual([connector('a')])
  })

  test('a lease that ran out is revived by its renewal, for a whole life', async () => {
    const lease = await one().lease(connector('a'))
    await expireAll()
    const { generation } = lease
    expect(await one().renew(lease, connector('a'))).toEqual({ outcome: 'revived', generation })
    expect(await two().connectors()).toEqual([connector('a')])
    expect(await one().renew(lease, connector('a'))).toEqual({ outcome: 'renewed', generation })
    expect((await two().lease(connector('b'))).slot).not.toBe(lease.slot)
  })

  test('a lease is lost as soon as there was a later one of its slot, also when that has ended', async () => {
    const lease = await one().lease(connector('a'))
    await expireAll()
    const next = await two().lease(connector('b'))
    expect(await one().renew(lease, connector('a'))).toEqual({ outcome: 'lost' })
    expect(await two().renew(next, connector('b'))).toMatchObject({ outcome: 'renewed' })
    await expireAll()
    expect(await one().renew(lease, connector('a'))).toEqual({ outcome: 'lost' })
    expect(await two().renew(next, connector('b'))).toMatchObject({ outcome: 'revived' })
  })

  test('a renewal that comes after the release does not take the slot again', async () => {
    const lease = await one().lease(connector('a'))
    await one().release(lease)
    expect(await one().renew(lease, connector('a'))).toEqual({ outcome: 'lost' })
    expect(await two().connectors()).toEqual([])
  })

  test('releasing a lease that is not current does not touch the next one', async () => {
    const old = await one().lease(connector('a'))
    await one().release(old)
    const next = await two().lease(connector('b'))
    await one().release(old)
    expect(await two().renew(next, connector('b'))).toMatchObject({ outcome: 'renewed' })
  })

  test('connectors are listed by slot as they last renewed', async () => {
    const lease = await one().lease(connector('a'))
    await two().lease(connector('b'))
    await one().renew(lease, { ...connector('a'), connections: 9, isReady: false })
    expect(await two().connectors()).toEqual([{ ...connector('a'), connections: 9, isReady: false }, connector('b')])
    await one().release(lease)
    expect(await two().connectors()).toEqual([connector('b')])
  })
}

const entryTests = ({ store, one, two, located, expireAll }: World): void => {
  test('a registration that resolved is seen by everybody', async () => {
    const lease = await one().lease(connector('a'))
    await one().register(lease, [12, 57], 0)
    expect((await two().lookup([57, 12, 99])).locations).toEqual(
      new Map([
        [57, [locationOf(lease)]],
        [12, [locationOf(lease)]],
      ]),
    )
  })

  test('a user may be at several connectors', async () => {
    const a = await one().lease(connector('a'))
    const b = await two().lease(connector('b'))
    await one().register(a, [12], 0)
    await two().register(b, [12], 0)
    expect(new Set(await located(12))).toEqual(new Set([locationOf(a), locationOf(b)]))
    await one().unregister(a, [12])
    expect(await located(12)).toEqual([locationOf(b)])
  })

  test('registering twice is registering once', async () => {
    const lease = await one().lease(connector('a'))
    await one().register(lease, [12], 0)
    await one().register(lease, [12, 12], 0)
    expect(await located(12)).toEqual([locationOf(lease)])
    await one().unregister(lease, [12])
    expect(await located(12)).toEqual([])
  })

  test('all entries end with their lease, by release', async () => {
    const lease = await one().lease(connector('a'))
    await one().register(lease, [12, 57], 0)
    await one().release(lease)
    expect((await two().lookup([12, 57])).locations).toEqual(new Map())
  })

  test('all entries end with their lease, by expiry, and the next lease of the slot does not revive them', async () => {
    const lease = await one().lease(connector('a'))
    await one().register(lease, [12], 0)
    await expireAll()
    expect(await located(12)).toEqual([])
    const next = await two().lease(connector('b'))
    expect(next.slot).toBe(lease.slot)
    expect(await located(12)).toEqual([])
  })

  test('an old lease neither registers nor unregisters under the new one of its slot', async () => {
    const old = await one().lease(connector('a'))
    await one().release(old)
    const next = await two().lease(connector('b'))
    await two().register(next, [12], 0)
    await one().register(old, [12, 57], 0)
    await one().unregister(old, [12])
    expect(await located(12)).toEqual([locationOf(next)])
    expect(await located(57)).toEqual([])
  })

  test('each registration gets a number greater than any before, by whomever, of the store and no caller', async () => {
    const a = await one().lease(connector('a'))
    const b = await two().lease(connector('b'))
    const orders = [
      await one().register(a, [12], 0),
      await two().register(b, [12], 0),
      await one().register(a, [12, 57], 0),
    ]
    orders.push(await two().register(b, [], 0))
    await two().release(b)
    orders.push(await two().register(b, [12], 0))
    for (const [index, order] of orders.entries()) {
      expect(Number.isSafeInteger(order)).toBe(true)
      expect(order).toBeGreaterThan(orders[index - 1] ?? 1_500_000_000_000)
    }
    const known = (orders.at(-1) ?? 0) + 7_200_000
    expect(await one().register(a, [12], known)).toBe(known)
    expect(await two().register(a, [12], 0)).toBeGreaterThan(known)
    const atOnce = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? one() : two()).register(a, [i + 1], 0)),
    )
    expect(new Set(atOnce).size).toBe(50)
  })

  test('thousands of users are registered, found and removed', async () => {
    const lease = await one().lease(connector('a'))
    const users = Array.from({ length: 2_500 }, (_, index) => index + 1)
    await one().register(lease, users, 0)
    expect((await two().lookup(users)).locations.size).toBe(2_500)
    await one().unregister(lease, users.slice(1))
    expect((await two().lookup(users)).locations).toEqual(new Map([[1, [locationOf(lease)]]]))
  })

  test('nobody is nowhere', async () => {
    expect(await one().lookup([])).toEqual({ generation: null, locations: new Map(), groups: new Map() })
    const lease = await one().lease(connector('a'))
    await one().register(lease, [], 0)
    expect(await two().lookup([])).toEqual({ generation: lease.generation, locations: new Map(), groups: new Map() })
    expect(store().slots).toBeGreaterThan(0)
  })
}

const sightingTests = ({ store, one, two, expireAll }: World): void => {
  test('who is connected is seen since his first registration, however often and wherever he is registered again', async () => {
    const a = await one().lease(connector('a'))
    const b = await two().lease(connector('b'))
    await one().register(a, [12], 0)
    const first = await two().sightings([12, 57])
    const sinceMs = first.online.get(12) ?? 0
    expect(first).toEqual({ generation: a.generation, online: new Map([[12, sinceMs]]), ended: new Set() })
    expect(sinceMs).toBeGreaterThan(1_500_000_000_000)
    await store().elapse(100)
    await one().register(a, [12], 0)
    await two().register(b, [12], 0)
    await one().unregister(a, [12])
    expect((await two().sightings([12])).online).toEqual(new Map([[12, sinceMs]]))
  })

  test('who said goodbye is not seen; who comes back is connected since then', async () => {
    const a = await one().lease(connector('a'))
    await one().register(a, [12], 0)
    const before = (await one().sightings([12])).online.get(12) ?? 0
    await one().unregister(a, [12])
    expect(await two().sightings([12])).toEqual({ generation: a.generation, online: new Map(), ended: new Set() })
    await store().elapse(100)
    await waitUntil(
      async () => {
        await one().register(a, [12], 0)
        const since = (await one().sightings([12])).online.get(12) ?? 0
        if (since > before) return true
        await one().unregister(a, [12])
        return false
      },
      { deadlineMs, what: 'the clock moves on' },
    )
  })

  test('whose connector ended without a goodbye is told apart, until he is somewhere else', async () => {
    const a = await one().lease(connector('a'))
    await one().register(a, [12, 57], 0)
    await expireAll()
    expect(await two().sightings([57, 12, 99])).toMatchObject({ online: new Map(), ended: new Set([57, 12]) })
    const b = await two().lease(connector('b'))
    await two().register(b, [12], 0)
    const { online, ended } = await two().sightings([12])
    expect([[...online.keys()], ended]).toEqual([[12], new Set()])
  })

  test('thousands are looked at in one call', async () => {
    const lease = await one().lease(connector('a'))
    const users = Array.from({ length: 2_500 }, (_, index) => index + 1)
    await one().register(lease, users, 0)
    const { online } = await two().sightings(users)
    expect([...online.keys()]).toEqual(users)
  })
}

const generationTests = ({ store, one, two, located }: World): void => {
  test('the first lease makes the generation, and all see the same', async () => {
    expect((await two().lookup([12])).generation).toBeNull()
    const a = await one().lease(connector('a'))
    const b = await two().lease(connector('b'))
    expect(a.generation).not.toBe('')
    expect(b.generation).toBe(a.generation)
    expect((await two().lookup([12])).generation).toBe(a.generation)
  })

  test('after a loss of everything there is no generation until a lease makes another one', async () => {
    const lease = await one().lease(connector('a'))
    const before = await one().register(lease, [12], 0)
    await store().wipe()
    await store().elapse(10)
    expect(await two().lookup([12])).toEqual({ generation: null, locations: new Map(), groups: new Map() })
    const next = await one().lease(connector('a'))
    expect(next.generation).not.toBe(lease.generation)
    expect(await one().renew(lease, connector('a'))).toEqual({ outcome: 'lost' })
    expect(await located(12)).toEqual([])
    expect(await one().register(next, [12], 0)).toBeGreaterThan(before)
    expect(await located(12)).toEqual([locationOf(next)])
  })

  test('after a loss of everything leases are revived under another generation, and entries made again', async () => {
    const a = await one().lease(connector('a'))
    const b = await two().lease(connector('b'))
    await one().register(a, [12], 0)
    await store().wipe()
    const revived = await one().renew(a, connector('a'))
    if (revived.outcome !== 'revived') throw new Error(revived.outcome)
    expect(revived.generation).not.toBe(a.generation)
    expect(await two().renew(b, connector('b'))).toEqual(revived)
    expect(await located(12)).toEqual([])
    await one().register(a, [12], 0)
    expect(await located(12)).toEqual([locationOf(a)])
  })
}
