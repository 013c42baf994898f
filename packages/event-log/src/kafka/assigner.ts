import type { Partition } from '../index.ts'

/** A member as it joins: what it held, and in which generation of the group. */
export interface Claim {
  readonly member: string
  readonly generation: number
  readonly partitions: readonly Partition[]
}

/**
 * Divides `partitions` (a count) among the members: everybody keeps what he held as far as counts stay within one of each
 * other; of two who claim the same, the one of the newer generation held it last. The same claims give the same answer,
 * whoever computes it.
 */
export const assign = (claims: readonly Claim[], partitions: number): ReadonlyMap<string, readonly Partition[]> => {
  const members = [...new Set(claims.map(({ member }) => member))].sort()
  const kept = keep(claims, members, partitions)
  const floor = Math.floor(partitions / members.length)
  let extras = partitions % members.length
  // Who holds most gets the odd ones, so that the fewest move.
  const byHeld = [...members].sort(
    (a, b) => (kept.get(b)?.length ?? 0) - (kept.get(a)?.length ?? 0) || (a < b ? -1 : 1),
  )
  const quotas = new Map<string, number>()
  for (const member of byHeld) {
    quotas.set(member, extras > 0 ? floor + 1 : floor)
    extras--
  }
  const held = new Map(members.map((member) => [member, (kept.get(member) ?? []).slice(0, quotas.get(member))]))
  const taken = new Set([...held.values()].flat())
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter((each) => !taken.has(each))
  for (const member of members) {
    const mine = held.get(member) ?? []
    mine.push(...free.splice(0, (quotas.get(member) ?? 0) - mine.length))
    mine.sort((a, b) => a - b)
  }
  return held
}

const keep = (claims: readonly Claim[], members: readonly string[], partitions: number): Map<string, Partition[]> => {
  const kept = new Map<string, Partition[]>(members.map((member) => [member, []]))
  const taken = new Set<Partition>()
  const byAge = [...claims].sort((a, b) => b.generation - a.generation || (a.member < b.member ? -1 : 1))
  for (const { member, partitions: claimed } of byAge) {
    for (const partition of [...claimed].sort((a, b) => a - b)) {
      if (taken.has(partition) || partition >= partitions) continue
      taken.add(partition)
      kept.get(member)?.push(partition)
    }
  }
  return kept
}

/** What a member says of itself when it joins: `<generation>:<partition>,<partition>…`. */
export const encodeClaim = (generation: number, partitions: ReadonlySet<Partition>): Buffer =>
  Buffer.from(`${generation}:${[...partitions].join(',')}`)

export const decodeClaim = (member: string, userData: Buffer): Claim => {
  const [generation, list] = userData.toString().split(':')
  const partitions = (list ?? '').split(',').filter((part) => part !== '')
  return { member, generation: Number(generation) || 0, partitions: partitions.map(Number).filter(Number.isInteger) }
}
