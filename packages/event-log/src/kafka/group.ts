import { AssignerProtocol } from 'kafkajs'
import type { Partition } from '../index.ts'
import { assign, decodeClaim, encodeClaim } from './assigner.ts'
import type { Link } from './link.ts'

/** The coordinator takes a member for dead after so long without a heartbeat. */
const sessionTimeoutMs = 6000
/** How long a rebalance waits for members that do not join again: each hears of it with its next heartbeat. */
const rebalanceTimeoutMs = 3000
export const groupLimitMs = 3000
const joinLimitMs = rebalanceTimeoutMs + groupLimitMs
const assignerName = 'sticky-co-partition'

export interface Group {
  readonly group: string
  readonly topic: string
  readonly partitions: number
}

export interface Joined {
  readonly memberId: string
  readonly generation: number
  /** What the members say of themselves, when this one divides the partitions. */
  readonly claims: readonly ReturnType<typeof decodeClaim>[] | undefined
}

/** Waits until all members have joined. `memberId` is empty for one that the group does not know. */
export const join = async (
  link: Link,
  { group, topic }: Group,
  self: { readonly memberId: string; readonly generation: number; readonly claimed: ReadonlySet<Partition> },
): Promise<Joined> => {
  const metadata = AssignerProtocol.MemberMetadata.encode({
    version: 0,
    topics: [topic],
    userData: encodeClaim(self.generation, self.claimed),
  })
  const { memberId, generationId, leaderId, members } = await link.run(
    (broker) =>
      broker.joinGroup({
        groupId: group,
        sessionTimeout: sessionTimeoutMs,
        rebalanceTimeout: rebalanceTimeoutMs,
        memberId: self.memberId,
        groupProtocols: [{ name: assignerName, metadata }],
      }),
    joinLimitMs,
  )
  const claims = members.map((member) => claimOf(member.memberId, member.memberMetadata))
  return { memberId, generation: generationId, claims: leaderId === memberId ? claims : undefined }
}

/** The partitions of this member in its new generation. The leader of the group brings everybody's. */
export const sync = async (link: Link, { group, topic, partitions }: Group, joined: Joined) => {
  const { memberId, generation, claims } = joined
  const groupAssignment = claims === undefined ? [] : encodeAssignment(topic, assign(claims, partitions))
  const { memberAssignment } = await link.run(
    (broker) => broker.syncGroup({ groupId: group, generationId: generation, memberId, groupAssignment }),
    joinLimitMs,
  )
  return new Set(AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment[topic] ?? [])
}

/** Whether the group has members. */
export const isPeopled = async (link: Link, group: string): Promise<boolean> => {
  const { groups } = await link.run((broker) => broker.describeGroups({ groupIds: [group] }), groupLimitMs)
  return groups.some(({ members }) => members.length > 0)
}

const claimOf = (member: string, metadata: Buffer) => {
  const decoded = AssignerProtocol.MemberMetadata.decode(metadata)
  return decodeClaim(member, decoded?.userData ?? Buffer.alloc(0))
}

const encodeAssignment = (topic: string, assignment: ReadonlyMap<string, readonly Partition[]>) =>
  [...assignment].map(([memberId, held]) => ({
    memberId,
    memberAssignment: AssignerProtocol.MemberAssignment.encode({
      version: 0,
      assignment: { [topic]: [...held] },
      userData: Buffer.alloc(0),
    }),
  }))
