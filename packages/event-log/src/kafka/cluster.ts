import { type Clock, Fault, type Random } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import type { Partition } from '../index.ts'
import { type Address, type Link, openLink, toFault } from './link.ts'
import { type KnownPartition, type Metadata, metadataCall, newer } from './metadata.ts'

/**
 * What is known of the cluster: addresses of its nodes and the leader of each partition. It opens links; who asked for one
 * owns it, since requests of one connection are served one by one. Nothing here retries: callers know how long they may wait.
 */
export interface Cluster {
  /** `undefined`: not known, or there is none; `refresh`. */
  leaderOf(topic: string, partition: Partition): number | undefined
  /** The leader's epoch, -1 when not known. Sent along, it keeps us from a broker that was deposed and does not know it. */
  epochOf(topic: string, partition: Partition): number
  /** Number of partitions, `undefined` when the topic is not known. */
  partitionsOf(topic: string): number | undefined
  /** Throws Fault `topic_mismatch` when the topic is known to have another number of partitions. */
  checkPartitions(topic: Topic): void
  /** Asks some node for all topics ever asked for and these. One question at a time: callers share it. Throws Fault `log_unavailable`. */
  refresh(topics: readonly string[]): Promise<void>
  /** Connects to a node by its id. `purpose` stands in the client id. Throws Fault `log_unavailable`. */
  open(nodeId: number, purpose: string): Promise<Link>
  /** The node that coordinates a group, over a link of its own. */
  openCoordinator(group: string, purpose: string): Promise<Link>
  close(): void
}

export interface ClusterOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly clock: Clock
  readonly random: Random
}

const metadataLimitMs = 3000

const parseAddress = (broker: string): Address => {
  const at = broker.lastIndexOf(':')
  const port = Number(broker.slice(at + 1))
  if (at < 1 || !Number.isInteger(port))
    throw new Fault('config_invalid', `not a host:port: ${broker}`, { isRetryable: false })
  return { host: broker.slice(0, at), port }
}

export const createCluster = (
  { brokers, clientId, clock, random }: ClusterOptions,
  connect: typeof openLink = openLink,
): Cluster => {
  const bootstrap = brokers.map(parseAddress)
  const topics = new Set<string>()
  const links = new Set<Link>()
  let nodes: ReadonlyMap<number, Address> = new Map()
  let leaders: ReadonlyMap<string, ReadonlyMap<Partition, KnownPartition>> = new Map()
  let versions: unknown = null
  let asked: Link | undefined
  /** The one asked last told nothing new: who asks again is in trouble that another one may know more of. */
  let isStale = false
  let refreshing: Promise<void> | undefined
  let isClosed = false

  const dial = async (nodeId: number, address: Address, purpose: string): Promise<Link> => {
    if (isClosed) throw new Fault('log_closed', 'the log is closed', { isRetryable: false })
    const opened = await connect({ nodeId, address, clientId: `${clientId}-${purpose}`, clock, versions }).catch(
      (error) => {
        throw toFault(error, `broker ${address.host}:${address.port} cannot be reached`)
      },
    )
    if (isClosed) opened.link.destroy()
    versions = opened.versions
    for (const link of links) if (!link.isOpen()) links.delete(link)
    links.add(opened.link)
    return opened.link
  }

  const learn = (answer: Metadata) => {
    const now = clock.monotonic()
    const before = pictureOf(nodes, leaders)
    nodes = answer.nodes
    leaders = new Map(
      [...answer.topics].map(([topic, partitions]) => {
        const known = leaders.get(topic)
        return [
          topic,
          new Map(partitions.map((told) => [told.partition, newer(known?.get(told.partition), told, now)])),
        ]
      }),
    )
    isStale = pictureOf(nodes, leaders) === before
  }

  /**
   * Known nodes first, then those of the configuration, each in random order: one frozen node must not be asked by all. The one that
   * told nothing new comes last.
   */
  const candidates = (stale: Address | undefined): readonly Address[] => {
    const all = [...shuffled([...nodes.values()], random), ...shuffled(bootstrap, random)]
    const isOther = ({ host, port }: Address) => host !== stale?.host || port !== stale.port
    return [...all.filter(isOther), ...all.filter((address) => !isOther(address))]
  }

  const ask = async (link: Link): Promise<void> => {
    const wanted = [...topics]
    // No topic means all of them to the broker: one that cannot exist stands for none.
    learn(await link.send(metadataCall(wanted.length === 0 ? ['none'] : wanted), metadataLimitMs))
    asked = link
  }

  const refreshOnce = async (): Promise<void> => {
    let failure: unknown
    const stale = isStale ? asked?.address : undefined
    if (stale !== undefined) asked?.destroy()
    if (asked?.isOpen()) {
      try {
        return await ask(asked)
      } catch (error) {
        failure = error
        asked.destroy()
      }
    }
    for (const address of candidates(stale)) {
      try {
        return await ask(await dial(-1, address, 'metadata'))
      } catch (error) {
        failure = error
        if (isClosed) break
      }
    }
    throw toFault(failure, `no broker answered: ${brokers.join(', ')}`)
  }

  const refresh: Cluster['refresh'] = async (wanted) => {
    const isKnown = wanted.every((topic) => topics.has(topic))
    for (const topic of wanted) topics.add(topic)
    // One that began before this topic was asked for does not speak of it.
    if (refreshing !== undefined && !isKnown) await refreshing.catch(() => {})
    refreshing ??= refreshOnce().finally(() => {
      refreshing = undefined
    })
    return refreshing
  }

  return {
    leaderOf: (topic, partition) => {
      const leader = leaders.get(topic)?.get(partition)?.leader
      return leader === undefined || !nodes.has(leader) ? undefined : leader
    },
    epochOf: (topic, partition) => leaders.get(topic)?.get(partition)?.epoch ?? -1,
    partitionsOf: (topic) => leaders.get(topic)?.size,
    checkPartitions: ({ name, partitions }) => {
      const found = leaders.get(name)?.size ?? partitions
      if (found !== partitions)
        throw new Fault('topic_mismatch', `${name} has ${found} partitions, this process is set to ${partitions}`, {
          isRetryable: false,
        })
    },
    refresh,
    open: async (nodeId, purpose) => {
      const address = nodes.get(nodeId)
      if (address === undefined) throw new Fault('log_unavailable', `broker ${nodeId} is not known`)
      return dial(nodeId, address, purpose)
    },
    openCoordinator: async (group, purpose) => {
      if (asked?.isOpen() !== true) await refresh([])
      const found = await asked?.run(
        (broker) => broker.findGroupCoordinator({ groupId: group, coordinatorType: 0 }),
        metadataLimitMs,
      )
      if (found === undefined) throw new Fault('log_unavailable', 'no broker answered')
      const { nodeId, host, port } = found.coordinator
      return dial(nodeId, { host, port }, purpose)
    },
    close: () => {
      isClosed = true
      for (const link of links) link.destroy()
    },
  }
}

/** What an answer changes, if it does. */
const pictureOf = (
  nodes: ReadonlyMap<number, Address>,
  leaders: ReadonlyMap<string, ReadonlyMap<Partition, KnownPartition>>,
): string =>
  JSON.stringify([
    [...nodes],
    [...leaders].map(([topic, partitions]) => [
      topic,
      [...partitions.values()].map(({ leader, epoch }) => [leader, epoch]),
    ]),
  ])

const shuffled = <T>(items: readonly T[], random: Random): readonly T[] =>
  items
    .map((item) => ({ item, order: random.fraction() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
