import type { Lease, Location, Presence } from '@chat/presence'
import { expect, test } from 'vitest'

interface World {
  readonly one: () => Presence
  readonly two: () => Presence
  readonly leaseOf: (presence: Presence, id: string) => Promise<Lease>
  readonly renew: (presence: Presence, lease: Lease) => Promise<unknown>
  readonly expireAll: () => Promise<void>
  readonly wipe: () => Promise<void>
}

const locationOf = ({ slot, epoch }: Lease): Location => ({ slot, epoch })

/** Which connectors want what is told to all members of a group. */
export const groupTests = ({ one, two, leaseOf, renew, expireAll, wipe }: World): void => {
  const located = async (conversation: string) =>
    (await two().lookup([], [conversation])).groups.get(conversation) ?? []

  test('a group is found where it is registered, beside users, in one answer', async () => {
    const a = await leaseOf(one(), 'a')
    const b = await leaseOf(two(), 'b')
    await one().register(a, [12], 0)
    await one().registerGroups(a, ['g1', 'g2'])
    await two().registerGroups(b, ['g2'])
    const { generation, locations, groups } = await one().lookup([12, 57], ['g1', 'g3', 'g2'])
    expect(generation).toBe(a.generation)
    expect(locations).toEqual(new Map([[12, [locationOf(a)]]]))
    expect([...groups.keys()]).toEqual(['g1', 'g2'])
    expect(groups.get('g1')).toEqual([locationOf(a)])
    expect(new Set(groups.get('g2'))).toEqual(new Set([locationOf(a), locationOf(b)]))
  })

  test('a group is taken back by the lease that registered it, however often it did', async () => {
    const a = await leaseOf(one(), 'a')
    const b = await leaseOf(two(), 'b')
    await one().registerGroups(a, ['g1'])
    await one().registerGroups(a, ['g1'])
    await two().registerGroups(b, ['g1'])
    await two().unregisterGroups(b, ['g1', 'g2'])
    expect(await located('g1')).toEqual([locationOf(a)])
    await one().unregisterGroups(a, ['g1'])
    expect(await located('g1')).toEqual([])
  })

  test('groups end with their lease, by release or expiry, and the next lease of the slot does not revive them', async () => {
    const first = await leaseOf(one(), 'a')
    await one().registerGroups(first, ['g1'])
    await one().release(first)
    expect(await located('g1')).toEqual([])
    const second = await leaseOf(one(), 'a')
    await one().registerGroups(second, ['g1'])
    await expireAll()
    expect(await located('g1')).toEqual([])
    const third = await leaseOf(two(), 'b')
    expect(third.slot).toBe(second.slot)
    expect(await located('g1')).toEqual([])
    await one().registerGroups(second, ['g1'])
    await two().registerGroups(third, ['g2'])
    await one().unregisterGroups(second, ['g2'])
    expect([await located('g1'), await located('g2')]).toEqual([[], [locationOf(third)]])
  })

  test('a loss of everything loses groups too, also when their lease is revived', async () => {
    const lease = await leaseOf(one(), 'a')
    await one().registerGroups(lease, ['g1'])
    await wipe()
    expect(await located('g1')).toEqual([])
    await renew(one(), lease)
    expect(await located('g1')).toEqual([])
    await one().registerGroups(lease, ['g1'])
    expect(await located('g1')).toEqual([locationOf(lease)])
  })

  test('thousands of groups are registered, found and taken back', async () => {
    const lease = await leaseOf(one(), 'a')
    const groups = Array.from({ length: 2_500 }, (_, index) => `g${index + 1}`)
    await one().registerGroups(lease, groups)
    expect((await two().lookup([], groups)).groups.size).toBe(2_500)
    await one().unregisterGroups(lease, groups.slice(1))
    expect((await two().lookup([], groups)).groups).toEqual(new Map([['g1', [locationOf(lease)]]]))
  })
}
