import {
  type Backoff,
  backoffMs,
  type Cancel,
  type Clock,
  Fault,
  isFault,
  type Logger,
  type Random,
} from '@chat/runtime'
import type { Left, Partition, Share, ShareOptions } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { type Group, groupLimitMs, isPeopled, join, sync } from './group.ts'
import { type Link, protocolErrorOf, toFault } from './link.ts'

const heartbeatIntervalMs = 500
const troubleBackoff: Backoff = { firstMs: 50, maxMs: 1000 }

/** The group goes on without us, or is about to: join again. The bool says whether what we held may be somebody else's. */
const rejoinable: Readonly<Record<string, boolean>> = {
  REBALANCE_IN_PROGRESS: false,
  UNKNOWN_MEMBER_ID: true,
  ILLEGAL_GENERATION: true,
}

/** Another coordinator, or this one is not ready. */
const passing: ReadonlySet<string> = new Set([
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_LOAD_IN_PROGRESS',
  'REQUEST_TIMED_OUT',
  'LEADER_NOT_AVAILABLE',
])

export interface MembershipOptions extends ShareOptions {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

interface Verification {
  readonly resolve: (partitions: ReadonlySet<Partition>) => void
  readonly reject: (fault: Fault) => void
}

/**
 * A member of a consumer group that never fetches: one loop joins, beats and joins again, so a verification and a rebalance
 * cannot cross. Resolves once it holds its first set; waits for brokers that are away.
 */
export const joinShare = async (options: MembershipOptions): Promise<Share> => {
  const { cluster, clock, random, logger, group } = options
  const self: Group = { group, topic: options.topic.name, partitions: options.topic.partitions }
  let link: Link | undefined
  let memberId = ''
  let generation = -1
  let isJoined = false
  let held: ReadonlySet<Partition> = new Set()
  /** What it held last, told on joining even after the group expelled it. */
  let claimed: ReadonlySet<Partition> = held
  let isTold = false
  let isLeaving = false
  let leaving: Promise<Left> | undefined
  let death: Fault | undefined
  const verifications: Verification[] = []
  let skipWait: (() => void) | undefined
  const firstJoin = Promise.withResolvers<void>()

  const hold = (partitions: ReadonlySet<Partition>) => {
    const isSame = isTold && partitions.size === held.size && [...partitions].every((partition) => held.has(partition))
    held = partitions
    isTold = true
    if (partitions.size > 0) claimed = partitions
    if (!isSame) options.onAssigned(partitions)
  }

  const coordinator = async (): Promise<Link> => {
    if (link?.isOpen() !== true) link = await cluster.openCoordinator(group, 'share')
    return link
  }

  const enter = async () => {
    const to = await coordinator()
    const joined = await join(to, self, { memberId, generation, claimed })
    memberId = joined.memberId
    generation = joined.generation
    hold(await sync(to, self, joined))
    isJoined = true
    logger.info({ group, generation, partitions: held.size }, 'partitions assigned')
    firstJoin.resolve()
  }

  const beat = async () => {
    const to = await coordinator()
    await to.run(
      (broker) => broker.heartbeat({ groupId: group, groupGenerationId: generation, memberId }),
      groupLimitMs,
    )
    for (const verification of verifications.splice(0)) verification.resolve(held)
  }

  /** Until the next heartbeat is due, or somebody wants to know now. */
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      if (isLeaving || (isJoined && verifications.length > 0)) return resolve()
      const cancel: Cancel = clock.after(ms, resolve)
      skipWait = () => {
        cancel()
        resolve()
      }
    })

  /** Returns how long to wait before the next attempt; throws what cannot be had back. */
  const recover = (error: unknown, attempt: number): number => {
    const type = protocolErrorOf(error)
    const mayBeLost = type === undefined ? undefined : rejoinable[type]
    if (mayBeLost !== undefined) {
      isJoined = false
      if (type === 'UNKNOWN_MEMBER_ID') memberId = ''
      if (mayBeLost) {
        if (held.size > 0) logger.warn({ group, type }, 'the group went on without this member')
        hold(new Set())
      }
      return attempt > 2 ? backoffMs(troubleBackoff, attempt, random) : 0
    }
    if (type !== undefined && !passing.has(type)) throw error
    if (isFault(error, 'log_closed')) throw error
    link?.destroy()
    const fault = toFault(error, `the coordinator of ${group} does not answer`)
    for (const verification of verifications.splice(0)) verification.reject(fault)
    if (attempt === (isJoined ? 0 : 10))
      logger.warn({ group, err: error }, 'the coordinator of a group does not answer')
    return backoffMs(troubleBackoff, attempt, random)
  }

  const run = async () => {
    let attempt = 0
    while (!isLeaving) {
      try {
        if (!isJoined) await enter()
        else await beat()
        attempt = 0
        await pause(heartbeatIntervalMs)
      } catch (error) {
        await pause(recover(error, attempt++))
      }
    }
  }

  const fail = (error: unknown) => {
    death = toFault(error, `the membership in ${group} died`)
    firstJoin.reject(death)
    for (const verification of verifications.splice(0)) verification.reject(death)
    if (!isLeaving && death.code !== 'log_closed') options.onFatal(error)
  }

  const leave = async (): Promise<Left> => {
    isLeaving = true
    skipWait?.()
    await running
    for (const { reject } of verifications.splice(0)) reject(leftFault())
    const at = link
    if (at === undefined || memberId === '') return { hasOthers: false }
    await at
      .run((broker) => broker.leaveGroup({ groupId: group, memberId }), groupLimitMs)
      // The session timeout does what this request could not.
      .catch((error: unknown) => logger.debug({ group, err: error }, 'leaving the group failed'))
    const hasOthers = await isPeopled(at, group).catch((error: unknown) => {
      logger.debug({ group, err: error }, 'the group left cannot be asked who is in it')
      return false
    })
    at.destroy()
    return { hasOthers }
  }

  const running = run().catch(fail)
  await firstJoin.promise

  return {
    verify: () => {
      if (isLeaving) return Promise.reject(leftFault())
      if (death !== undefined) return Promise.reject(death)
      const { promise, resolve, reject } = Promise.withResolvers<ReadonlySet<Partition>>()
      verifications.push({ resolve, reject })
      skipWait?.()
      return promise
    },
    leave: () => {
      leaving ??= leave()
      return leaving
    },
  }
}

const leftFault = (): Fault => new Fault('log_closed', 'this member left the group', { isRetryable: false })
