import type { Deliverable, Sendable, Way } from '@chat/domain'
import type { Clock } from '@chat/runtime'

/** Groups remembered at most; over it all are told to each member again for a while. Some 100 bytes each. */
const groupsMax = 10_000

/**
 * How events of groups find their members. Presence is right about users at every size; that connectors registered a group takes time
 * and trust, so it is only believed of a group that has been large for a while, as this owner of its partition saw it. [G1]
 */
export interface GroupWays {
  settle(events: readonly Deliverable[]): readonly Sendable[]
  /** What connectors were told may not have reached them, or by another owner: all groups are told to each member for a while. */
  restart(): void
}

interface Limits {
  /** From so many members on connectors register a group; one with more than twice as many is told to them. */
  readonly largeGroupMembers: number
  /** For so long it is told to each member still after it became so large, ms. */
  readonly largeGroupSettleMs: number
}

export const createGroupWays = (clock: Clock, { largeGroupMembers, largeGroupSettleMs }: Limits): GroupWays => {
  /** Since when groups have been large enough, monotonic ms. */
  const largeSince = new Map<string, number>()

  const wayOf = ({ reach, audience: { size } }: Deliverable): Way => {
    if (reach === undefined) return 'each'
    const { conversation } = reach
    if (size <= 2 * largeGroupMembers) {
      largeSince.delete(conversation)
      return size < largeGroupMembers ? 'each' : 'each_of_large'
    }
    const nowMs = clock.monotonic()
    const sinceMs = largeSince.get(conversation)
    if (sinceMs !== undefined) return nowMs - sinceMs >= largeGroupSettleMs ? 'members' : 'each_of_large'
    if (largeSince.size >= groupsMax) largeSince.clear()
    largeSince.set(conversation, nowMs)
    return 'each_of_large'
  }

  return {
    settle: (events) => events.map((event) => ({ ...event, way: wayOf(event) })),
    restart: () => largeSince.clear(),
  }
}
