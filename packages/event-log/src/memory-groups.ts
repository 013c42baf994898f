import { Fault } from '@chat/runtime'
import type { Partition, Share, ShareOptions } from './index.ts'

interface Member {
  readonly options: ShareOptions
  /** What the group means it to have. */
  assigned: ReadonlySet<Partition>
  /** What it was told, and believes. */
  told: ReadonlySet<Partition>
}

/** Divides partitions among the members of this process: fair to one, and whoever has a partition keeps it if fairness allows. */
export interface MemoryGroups {
  share(options: ShareOptions): Promise<Share>
  /** Tells every member that it owns every partition: zombies, from now until `heal`. */
  confuse(group: string): void
  /** Tells every member of the group the truth again. */
  heal(group: string): void
  /** Moves every partition to the next member. */
  rotate(group: string): void
}

export const createMemoryGroups = (): MemoryGroups => {
  const groups = new Map<string, Member[]>()
  const confused = new Set<string>()
  const membersOf = (group: string): Member[] => groups.get(group) ?? []

  /** Later, as a coordinator would: a member hears of its first assignment after `share` has returned to it. */
  const tell = (member: Member, partitions: ReadonlySet<Partition>): void => {
    if (isEqual(member.told, partitions)) return
    member.told = partitions
    queueMicrotask(() => {
      if (member.told === partitions) member.options.onAssigned(partitions)
    })
  }

  const tellAll = (group: string): void => {
    for (const member of membersOf(group))
      tell(member, confused.has(group) ? everyPartition(member.options) : member.assigned)
  }

  const rebalance = (group: string): void => {
    const members = membersOf(group)
    const [first] = members
    if (first === undefined) return
    const before = members.map((member) => member.assigned)
    for (const [index, partitions] of assignSticky(first.options.topic.partitions, before).entries()) {
      const member = members[index]
      if (member !== undefined) member.assigned = partitions
    }
    tellAll(group)
  }

  const share = async (options: ShareOptions): Promise<Share> => {
    const group = options.group
    const member: Member = { options, assigned: new Set(), told: new Set() }
    groups.set(group, [...membersOf(group), member])
    rebalance(group)
    return {
      verify: async () => {
        if (!membersOf(group).includes(member)) throw new Fault('log_closed', 'this member has left its group')
        return member.told
      },
      leave: async () => {
        groups.set(
          group,
          membersOf(group).filter((other) => other !== member),
        )
        member.told = new Set()
        rebalance(group)
        return { hasOthers: membersOf(group).length > 0 }
      },
    }
  }

  return {
    share,
    confuse: (group) => {
      confused.add(group)
      tellAll(group)
    },
    heal: (group) => {
      confused.delete(group)
      tellAll(group)
    },
    rotate: (group) => {
      const members = membersOf(group)
      const before = members.map((member) => member.assigned)
      for (const [index, member] of members.entries())
        member.assigned = before[(index + members.length - 1) % members.length] ?? new Set()
      tellAll(group)
    },
  }
}

/** A fair division of `partitions` (sizes differ by at most one) that moves as few as possible away from who had them. */
const assignSticky = (
  partitions: number,
  before: readonly ReadonlySet<Partition>[],
): readonly ReadonlySet<Partition>[] => {
  const least = Math.floor(partitions / before.length)
  let extra = partitions % before.length
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition))
  // Those who have most may keep the odd ones, so that as few as possible move.
  const byHolding = before.map((had, index) => ({ had, index })).toSorted((a, b) => b.had.size - a.had.size)
  const kept = byHolding.map(({ had, index }) => {
    const quota = least + (extra > 0 ? 1 : 0)
    if (extra > 0) extra--
    const mine = new Set([...had].filter((partition) => free.has(partition)).slice(0, quota))
    for (const partition of mine) free.delete(partition)
    return { index, quota, mine }
  })
  for (const { quota, mine } of kept)
    for (const partition of free) {
      if (mine.size >= quota) break
      mine.add(partition)
      free.delete(partition)
    }
  return kept.toSorted((a, b) => a.index - b.index).map(({ mine }) => mine)
}

const everyPartition = (options: ShareOptions): ReadonlySet<Partition> =>
  new Set(Array.from({ length: options.topic.partitions }, (_, partition) => partition))

const isEqual = (a: ReadonlySet<Partition>, b: ReadonlySet<Partition>): boolean =>
  a.size === b.size && [...a].every((partition) => b.has(partition))
