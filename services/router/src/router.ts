import { createMarks, type Policy } from '@chat/domain'
import type { EventLog, Share } from '@chat/event-log'
import type { Presence } from '@chat/presence'
import type { Clock, Health, Logger, Metrics, Random, Service } from '@chat/runtime'
import type { Encoder, Topics } from '@chat/schemas'
import { createBrokerTime } from './broker-time.ts'
import { createFanOut } from './fan-out.ts'
import { meetPresence } from './first-contact.ts'
import { createGroupWays } from './group-ways.ts'
import { createHintLane } from './hints/lane.ts'
import { createLocator } from './locator.ts'
import { createRouterMetrics } from './metrics.ts'
import type { PartitionOwner } from './ownership.ts'
import { createPartition } from './partition.ts'
import { createTurns } from './turns.ts'

export interface RouterConfig {
  /** Names the group of routers, as it names the topics. */
  readonly logPrefix: string
  readonly firstId: number
  /** A snapshot of a partition is written after so many records of its log. */
  readonly snapshotEvents: number
  /** Who may write in a direct conversation. */
  readonly directPolicy: Policy['direct']
  /** From so many members on connectors register a group; one with more than twice as many is told to them. */
  readonly largeGroupMembers: number
  /** For so long a group is told to each member still after it became so large, ms. */
  readonly largeGroupSettleMs: number
}

export interface RouterPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly presence: Presence
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly health: Health
  readonly metrics: Metrics
  /** The process can no longer do its work and must exit. */
  readonly onFatal: (error: unknown) => void
}

/** Marks of users in conversations that a router remembers: some 150 bytes each. */
const marksMax = 50_000

/** One record on everybody's topic. A lost one is made good by the next, a second later. */
const announceAbsence = async (awayMs: number, { log, topics, encoder }: RouterPorts): Promise<void> => {
  const { schema, value } = encoder.encode({ type: 'PresenceAway', awayMs })
  const records = [{ key: null, value, headers: { type: 'PresenceAway', schema } }]
  await log.append({ topic: topics.deliveryAll, partition: 0, records })
}

/**
 * Decides commands. Any number of routers share the partitions; two that believe they own the same one are harmless: each event is
 * stamped with its position, and only one of them gets that position. [G8] Ready when every partition that it was given is
 * restored and presence has answered once. A partition that is given to another router is decided here until that one does. `stop`
 * leaves the group, so that others take over at once, hands over to them what it has, and finishes the batches under way. [G12]
 */
export const createRouter = (config: RouterConfig, ports: RouterPorts): Service => {
  const { log, topics, clock, health, logger, onFatal } = ports
  const metrics = createRouterMetrics(ports.metrics)
  const locator = createLocator({ ...ports, metrics, announce: (awayMs) => announceAbsence(awayMs, ports) })
  const lane = createHintLane({ ...ports, locator, metrics })
  const marks = createMarks(marksMax)
  const turns = createTurns()
  const owners = new Map<number, PartitionOwner>()
  const ended = new AbortController()
  let share: Share | undefined
  let starting: Promise<void> | undefined
  let stopping: Promise<void> | undefined

  const isStillOurs = async (partition: number): Promise<boolean> => {
    if (stopping !== undefined) return false
    return (await share?.verify())?.has(partition) ?? true
  }

  const createOwner = (partition: number): PartitionOwner => {
    const { snapshotEvents, directPolicy } = config
    const policy = { direct: directPolicy }
    const own = { ...ports, metrics, partition, turns, lane, marks, snapshotEvents, policy }
    const fanOut = createFanOut({ ...own, locator, ways: createGroupWays(clock, config) })
    // Brokers are many: each partition goes by the clock of those that lead it.
    return createPartition(partition, config.firstId, {
      ...own,
      fanOut,
      brokerTime: createBrokerTime(clock),
      isStillOurs,
    })
  }

  const ownerOf = (partition: number): PartitionOwner => {
    const owner = owners.get(partition) ?? createOwner(partition)
    owners.set(partition, owner)
    return owner
  }

  const onAssigned = (partitions: ReadonlySet<number>): void => {
    if (stopping !== undefined) return
    logger.info({ partitions: [...partitions] }, 'partitions assigned')
    for (const [partition, owner] of owners) if (!partitions.has(partition)) void owner.handOver()
    for (const partition of partitions) ownerOf(partition).start()
  }

  const start = async (): Promise<void> => {
    health.set('router', 'joining the group')
    locator.start()
    meetPresence(ports, ended.signal).catch((error: unknown) => {
      if (!ended.signal.aborted) onFatal(error)
    })
    share = await log.share({ topic: topics.commands, group: `${config.logPrefix}routers`, onAssigned, onFatal })
    if (stopping !== undefined) return void (await share.leave())
    health.clear('router')
  }

  const stop = async (): Promise<void> => {
    health.set('router', 'stopping')
    ended.abort()
    // A group that was not joined yet is left as soon as it is: brokers that are away would be waited for.
    const left = await share?.leave() // [G12]
    const release = (owner: PartitionOwner) => (left?.hasOthers === true ? owner.handOver() : owner.stop())
    await Promise.all([...owners.values()].map(release)) // [G12]
    await lane.stop()
    locator.stop()
  }

  return {
    start: () => {
      starting ??= start()
      return starting
    },
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}
