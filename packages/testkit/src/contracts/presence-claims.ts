import type { Claim, Lease, Presence } from '@chat/presence'
import { isFault } from '@chat/runtime'
import { expect, test } from 'vitest'

interface World {
  readonly one: () => Presence
  readonly two: () => Presence
  readonly leaseOf: (presence: Presence, id: string) => Promise<Lease>
  readonly expireAll: () => Promise<void>
  readonly wipe: () => Promise<void>
  readonly renew: (presence: Presence, lease: Lease) => Promise<unknown>
}

const claimOf = (device: string, order: number, user = 12): Claim => ({
  ...{ user, device, connection: `${device}.${order}`, order },
})

/** Who may be connected where only one device of a user may. */
export const claimTests = ({ one, two, leaseOf, expireAll, wipe, renew }: World): void => {
  const leases = async () => ({ a: await leaseOf(one(), 'a'), b: await leaseOf(two(), 'b') })

  test('the first claim is held, and everybody sees whose it is', async () => {
    const { a } = await leases()
    const claim = claimOf('phone', 5)
    expect(await two().holder(12)).toBeUndefined()
    expect(await one().claim(a, [claim], 'earlier')).toEqual([{ outcome: 'held', evicted: undefined }])
    expect(await two().holder(12)).toEqual({ ...claim, slot: a.slot, epoch: a.epoch })
    expect(await one().claim(a, [claim], 'earlier')).toEqual([{ outcome: 'held', evicted: undefined }])
  })

  test('where the earlier wins, a later device is refused, wherever it comes', async () => {
    const { a, b } = await leases()
    const first = claimOf('phone', 5)
    await one().claim(a, [first], 'earlier')
    const by = { ...first, slot: a.slot, epoch: a.epoch }
    expect(await two().claim(b, [claimOf('desk', 6)], 'earlier')).toEqual([{ outcome: 'refused', by }])
    expect(await two().holder(12)).toEqual(by)
    expect(await two().claim(b, [claimOf('desk', 6, 57)], 'earlier')).toMatchObject([{ outcome: 'held' }])
  })

  test('where the later wins, it puts out the earlier, and that cannot come back by what it was', async () => {
    const { a, b } = await leases()
    const [first, second] = [claimOf('phone', 5), claimOf('desk', 6)]
    await one().claim(a, [first], 'later')
    const evicted = { ...first, slot: a.slot, epoch: a.epoch }
    expect(await two().claim(b, [second], 'later')).toEqual([{ outcome: 'held', evicted }])
    const by = { ...second, slot: b.slot, epoch: b.epoch }
    expect(await one().claim(a, [first], 'later')).toEqual([{ outcome: 'refused', by }])
    expect(await one().claim(a, [claimOf('phone', 7)], 'later')).toEqual([{ outcome: 'held', evicted: by }])
  })

  test.each(['earlier', 'later'] as const)('the same device replaces itself where the %s wins', async (winner) => {
    const { a, b } = await leases()
    await one().claim(a, [claimOf('phone', 5)], winner)
    expect(await two().claim(b, [claimOf('phone', 6)], winner)).toEqual([{ outcome: 'held', evicted: undefined }])
    expect(await one().claim(a, [claimOf('phone', 5)], winner)).toMatchObject([{ outcome: 'refused' }])
    expect(await one().holder(12)).toMatchObject({ order: 6 })
  })

  test('of two hellos with one number one wins, the same for both', async () => {
    const { a, b } = await leases()
    const [desk, phone] = [claimOf('desk', 5), claimOf('phone', 5)]
    await one().claim(a, [desk], 'later')
    expect(await two().claim(b, [phone], 'later')).toMatchObject([{ outcome: 'held', evicted: { device: 'desk' } }])
    expect(await one().claim(a, [desk], 'later')).toMatchObject([{ outcome: 'refused' }])
  })

  test('claimed at once from many places, exactly one is held', async () => {
    const { a, b } = await leases()
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        i % 2 === 0
          ? one().claim(a, [claimOf(`d${i}`, 100 + i)], 'earlier')
          : two().claim(b, [claimOf(`d${i}`, 100 + i)], 'earlier'),
      ),
    )
    const holder = await one().holder(12)
    const held = claims.flatMap(([claimed], i) => (claimed?.outcome === 'held' ? [`d${i}`] : []))
    expect(held).toContain(holder?.device)
    // Each that was held and is not any more was put out by one that had the better right.
    const evicted = claims.flatMap(([claimed]) =>
      claimed?.outcome === 'held' && claimed.evicted !== undefined ? [claimed.evicted.device] : [],
    )
    expect(new Set([...evicted, holder?.device])).toEqual(new Set(held))
    expect(evicted).toHaveLength(held.length - 1)
  })

  test('a connection that went frees its user at once; a claim of another connection stays', async () => {
    const { a, b } = await leases()
    const [first, second] = [claimOf('phone', 5), claimOf('phone', 6)]
    await one().claim(a, [first], 'earlier')
    await two().claim(b, [second], 'earlier')
    await one().unclaim([first])
    expect(await one().holder(12)).toMatchObject({ order: 6 })
    await two().unclaim([second, claimOf('nobody', 1, 99)])
    expect(await one().holder(12)).toBeUndefined()
    expect(await one().claim(a, [claimOf('desk', 7)], 'earlier')).toMatchObject([{ outcome: 'held' }])
  })

  test('claims of the older protocols and of devices do not know of each other', async () => {
    const { a, b } = await leases()
    const [first, second] = [claimOf('phone', 5), claimOf('desk', 6)]
    expect(await one().claim(a, [first], 'earlier', 'dialects')).toMatchObject([{ outcome: 'held' }])
    expect(await two().claim(b, [second], 'earlier')).toMatchObject([{ outcome: 'held' }])
    expect(await two().claim(b, [second], 'earlier', 'dialects')).toMatchObject([{ outcome: 'refused' }])
    expect(await two().holder(12, 'dialects')).toMatchObject(first)
    await one().unclaim([second], 'dialects')
    await one().unclaim([first])
    expect([await two().holder(12), await two().holder(12, 'dialects')]).toMatchObject([second, first])
    await one().unclaim([first], 'dialects')
    expect([await two().holder(12), await two().holder(12, 'dialects')]).toMatchObject([second, undefined])
  })

  test('claims end with their lease, by release and by expiry', async () => {
    const { a, b } = await leases()
    await one().claim(a, [claimOf('phone', 5)], 'earlier')
    await one().release(a)
    expect(await two().holder(12)).toBeUndefined()
    expect(await two().claim(b, [claimOf('desk', 6)], 'earlier')).toMatchObject([{ outcome: 'held' }])
    await expireAll()
    expect(await two().holder(12)).toBeUndefined()
  })

  test('a lease that is not current claims nothing, and says so', async () => {
    const { a, b } = await leases()
    await one().release(a)
    await expect(one().claim(a, [claimOf('phone', 5)], 'earlier')).rejects.toSatisfy((error) =>
      isFault(error, 'presence_unavailable'),
    )
    expect(await two().claim(b, [], 'earlier')).toEqual([])
    expect(await two().holder(12)).toBeUndefined()
  })

  test('after a loss of everything whoever had the better right gets it back, in whatever order all claim again', async () => {
    const { a, b } = await leases()
    const [first, second] = [claimOf('phone', 5), claimOf('desk', 6)]
    for (const [winner, loser, winning] of [
      ['earlier', second, first],
      ['later', first, second],
    ] as const)
      for (const order of ['loser first', 'winner first']) {
        await wipe()
        await renew(one(), a)
        await renew(two(), b)
        for (const claim of order === 'loser first' ? [loser, winning] : [winning, loser])
          await (claim === first ? one().claim(a, [claim], winner) : two().claim(b, [claim], winner))
        expect(await one().holder(12), `${winner}, ${order}`).toMatchObject({ device: winning.device })
      }
  })

  test('thousands of claims are made and taken back', async () => {
    const { a } = await leases()
    const claims = Array.from({ length: 2_500 }, (_, i) => claimOf('d', i + 1, i + 1))
    expect((await one().claim(a, claims, 'earlier')).filter(({ outcome }) => outcome === 'held')).toHaveLength(2_500)
    await one().unclaim(claims.slice(1))
    expect([await two().holder(1), await two().holder(2_500)]).toEqual([
      { ...claims[0], slot: a.slot, epoch: a.epoch },
      undefined,
    ])
  })
}
