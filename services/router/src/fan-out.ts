import {
  type AddressedReply,
  broadcast,
  type Deliverable,
  everybody,
  groupsOf,
  type Location,
  route,
  type Sendable,
  usersOf,
  type Whereabouts,
} from '@chat/domain'
import type { EventLog } from '@chat/event-log'
import { type Backoff, type Clock, isFault, type Logger, type Random, retry } from '@chat/runtime'
import type { Encoder, EventDelivery, Reply, SlotDelivery, Topic, Topics } from '@chat/schemas'
import type { GroupWays } from './group-ways.ts'
import type { Locator } from './locator.ts'
import type { RouterMetrics } from './metrics.ts'

/** Batches of a partition whose deliveries are not yet acknowledged; then deciding waits. */
export const batchesUnderWayMax = 4
/** One delivery record, bytes; larger ones are split. */
export const deliveryBytesMax = 512 * 1024
/** A delivery is a hint that `sync` makes good: after so many tries it is given up. */
const triesMax = 3
const deliveryBackoff: Backoff = { firstMs: 20, maxMs: 1000 }

/** What came of one batch: outcomes for those who asked, events for their audiences. */
export interface Outcome {
  readonly replies: readonly AddressedReply[]
  readonly events: readonly Deliverable[]
}

/** Tells connectors what one partition decided, in order. Losing all of it loses no message. */
export interface FanOut {
  /** Resolves when there is room for another batch; the deliveries themselves are not waited for. */
  push(outcome: Outcome): Promise<void>
  /** The same of what another owner wrote, which may not have told it, nor connectors that a group is large. */
  pushAgain(outcome: Outcome): Promise<void>
  /** Resolves when everything pushed is acknowledged or given up. */
  drained(): Promise<void>
}

interface Ports {
  readonly partition: number
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly locator: Locator
  readonly ways: GroupWays
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: RouterMetrics
  readonly onFatal: (error: unknown) => void
}

export const createFanOut = (ports: Ports): FanOut => {
  const { partition, topics, locator, ways, onFatal } = ports
  const underWay = new Set<Promise<void>>()
  let routed: Promise<unknown> = Promise.resolve()

  /** Lookups go one after the other, so that appends to a slot are made in log order; acknowledgements are not waited for in between. */
  const deliver = async (outcome: Outcome): Promise<void> => {
    // The presence lookup comes after the append was acknowledged: a login that registers later reads a watermark beyond
    // these events and gets them by sync; one that registered earlier is found here. Swapping the two loses logins.
    const parcels = routed.then(async () => {
      const events = ways.settle(outcome.events)
      return parcelsOf(outcome.replies, events, await locator.locate(usersOf(events), groupsOf(events)))
    })
    const appends = parcels.then((all) => all.map(({ topic, delivery }) => append(topic, delivery, ports)))
    routed = appends.catch(() => {})
    await Promise.all(await appends)
  }

  const parcelsOf = (
    replies: Outcome['replies'],
    events: readonly Sendable[],
    whereabouts: Whereabouts | undefined,
  ): readonly Parcel[] => {
    const slots = new Map<string, SlotDelivery & { readonly replies: Reply[] }>()
    const deliveryTo = ({ slot, epoch }: Location) => {
      const key = `${slot}:${epoch}`
      const delivery = slots.get(key) ?? { ...emptyDelivery(slot, epoch, partition), replies: [] }
      slots.set(key, delivery)
      return delivery
    }
    for (const address of replies) deliveryTo(address).replies.push(address.reply)
    const shares = whereabouts === undefined ? [] : route(events, whereabouts)
    for (const share of shares)
      slots.set(`${share.slot}:${share.epoch}`, { ...deliveryTo(share), events: share.events })
    const parcels = [...slots.values()].flatMap((delivery) => toSlot(delivery, topics))
    const forAll = whereabouts === undefined ? events : events.filter(({ audience }) => audience === everybody)
    if (forAll.length === 0) return parcels
    const everywhere = { ...emptyDelivery(-1, 0, partition), events: broadcast(forAll) }
    return [...parcels, ...split(everywhere).map((delivery) => ({ topic: topics.deliveryAll, delivery }))]
  }

  const push = async (outcome: Outcome): Promise<void> => {
    if (outcome.replies.length === 0 && outcome.events.length === 0) return
    const delivered = deliver(outcome).catch(onFatal)
    underWay.add(delivered)
    void delivered.then(() => underWay.delete(delivered))
    while (underWay.size >= batchesUnderWayMax) await Promise.race(underWay)
  }

  return {
    push,
    pushAgain: (outcome) => {
      ways.restart()
      return push(outcome)
    },
    drained: async () => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}

interface Parcel {
  readonly topic: Topic
  readonly delivery: SlotDelivery
}

const emptyDelivery = (slot: number, epoch: number, partition: number): SlotDelivery => ({
  type: 'SlotDelivery',
  slot,
  epoch,
  partition,
  replies: [],
  events: [],
})

/** A slot that this world does not have can only come from a connector with other settings: it has no topic. */
const toSlot = (delivery: SlotDelivery, topics: Topics): readonly Parcel[] => {
  const topic = topics.deliveries[delivery.slot]
  return topic === undefined ? [] : split(delivery).map((part) => ({ topic, delivery: part }))
}

const replyBytes = 48
const bytesOf = ({ value, users }: EventDelivery): number => value.length + 5 * users.length + 48

/** Parts of at most `deliveryBytesMax`: replies first, events in order. */
const split = (delivery: SlotDelivery): readonly SlotDelivery[] => {
  const parts: { replies: Reply[]; events: EventDelivery[] }[] = []
  let room = 0
  const partFor = (bytes: number) => {
    const last = parts.at(-1)
    if (last !== undefined && bytes <= room) {
      room -= bytes
      return last
    }
    const part = { replies: [], events: [] }
    parts.push(part)
    room = deliveryBytesMax - bytes
    return part
  }
  for (const reply of delivery.replies) partFor(replyBytes).replies.push(reply)
  for (const event of delivery.events) partFor(bytesOf(event)).events.push(event)
  return parts.map((part) => ({ ...delivery, ...part }))
}

/** Repeats are harmless: connectors know requests and positions that they had. */
const append = async (topic: Topic, delivery: SlotDelivery, ports: Ports): Promise<void> => {
  const { log, encoder, ways, clock, random, logger, metrics } = ports
  const { schema, value } = encoder.encode(delivery)
  const records = [{ key: null, value, headers: { type: delivery.type, schema } }]
  let tries = 0
  const startedMs = clock.monotonic()
  try {
    await retry(() => log.append({ topic, partition: 0, records }), {
      clock,
      random,
      backoff: deliveryBackoff,
      isRetryable: (error) => isFault(error) && error.isRetryable && ++tries < triesMax,
      onRetry: () => {},
    })
    metrics.deliveryAppendMs.observe(clock.monotonic() - startedMs)
    metrics.deliveries.inc({ kind: topic === ports.topics.deliveryAll ? 'broadcast' : 'slot' })
  } catch (error) {
    if (!isFault(error)) throw error
    metrics.deliveriesLost.inc()
    ways.restart()
    logger.warn({ err: error, topic: topic.name, partition: delivery.partition }, 'delivery given up')
  }
}
