import { type Backoff, type Clock, Fault, isFault, type Random, retry } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import type { Offset, Partition } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { type Link, toFault } from './link.ts'
import { listOffsetsCall } from './metadata.ts'
import { errorCodes } from './requests.ts'

/**
 * First and next offsets of partitions, from their leaders. A leader that was just elected refuses until it knows what all
 * replicas hold, and one that was deposed and does not know it yet is of another epoch: an answer never falls behind what
 * somebody already read. Tries again for `deadlineMs`, then throws Fault `log_unavailable`.
 */
export interface Offsets {
  of(
    topic: Topic,
    which: 'beginning' | 'end',
    partitions?: readonly Partition[],
  ): Promise<ReadonlyMap<Partition, Offset>>
}

const deadlineMs = 5000
const requestLimitMs = 3000
const backoff: Backoff = { firstMs: 20, maxMs: 500 }

export const createOffsets = (options: {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly random: Random
}): Offsets => {
  const { cluster, clock, random } = options
  const links = new Map<number, Promise<Link>>()

  const linkTo = async (nodeId: number): Promise<Link> => {
    const current = links.get(nodeId)
    const link = await current?.catch(() => undefined)
    if (link?.isOpen()) return link
    // Somebody else may have opened one meanwhile.
    if (links.get(nodeId) !== current) return linkTo(nodeId)
    const opening = cluster.open(nodeId, 'offsets')
    links.set(nodeId, opening)
    return opening
  }

  const ask = async (topic: Topic, time: -1 | -2, partitions: readonly Partition[]) => {
    const byLeader = Map.groupBy(partitions, (partition) => cluster.leaderOf(topic.name, partition))
    const found = new Map<Partition, Offset>()
    const askLeader = async (leader: number | undefined, ofLeader: readonly Partition[]) => {
      if (leader === undefined) throw new Fault('log_unavailable', `${topic.name} has no leader`)
      const link = await linkTo(leader)
      const asked = ofLeader.map((partition) => ({ partition, epoch: cluster.epochOf(topic.name, partition) }))
      const answer = await link.send(listOffsetsCall(topic.name, asked, time), requestLimitMs)
      for (const { partition, errorCode, offset } of answer) {
        if (errorCode !== errorCodes.none) {
          throw new Fault('log_unavailable', `offsets of ${topic.name}/${partition}: Kafka error ${errorCode}`)
        }
        found.set(partition, offset)
      }
    }
    await Promise.all([...byLeader].map(([leader, ofLeader]) => askLeader(leader, ofLeader)))
    return found
  }

  return {
    of: (topic, which, partitions) => {
      const wanted = partitions ?? Array.from({ length: topic.partitions }, (_, partition) => partition)
      const giveUpAt = clock.monotonic() + deadlineMs
      return retry(
        async (attempt) => {
          const isKnown = wanted.every((partition) => cluster.leaderOf(topic.name, partition) !== undefined)
          if (attempt > 0 || !isKnown) await cluster.refresh([topic.name])
          cluster.checkPartitions(topic)
          return ask(topic, which === 'end' ? -1 : -2, wanted)
        },
        {
          clock,
          random,
          backoff,
          isRetryable: (error) => clock.monotonic() < giveUpAt && isFault(error) && error.isRetryable,
          onRetry: () => {},
        },
      ).catch((error: unknown) => {
        throw toFault(error, `offsets of ${topic.name} are not known`)
      })
    },
  }
}
