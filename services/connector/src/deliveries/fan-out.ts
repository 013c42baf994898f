import type { EventLog, StoredRecord } from '@chat/event-log'
import type { Lease } from '@chat/presence'
import type { Standing } from '@chat/read-models'
import { type Clock, isFault, type Logger, type Metrics } from '@chat/runtime'
import {
  decodeDelivery,
  decodeEvent,
  type Encoder,
  type EventDelivery,
  hasPlace,
  type Kick,
  type LogEvent,
  type Reply,
  type SlotDelivery,
  type SlotHints,
  type Topic,
  type Topics,
  toClientEvent,
} from '@chat/schemas'
import type { Told } from '../large-groups/large-group.ts'
import type { Stats } from '../stats.ts'
import type { WordFilter } from '../word-filter/word-filter.ts'
import { encodeEventFrame, encodeNotice, type PushedEvent } from './pushed-event.ts'
import type { Repeats } from './repeats.ts'

export interface FanOutTargets {
  readonly complete: (reply: Reply, partition: number) => void
  /** Pushes to every connection of its audience that is here. */
  readonly push: (told: Told) => void
  /** Pushes to every connection that is here. */
  readonly pushAll: (event: PushedEvent) => void
  readonly kick: (kick: Kick) => void
  readonly hints: (hints: SlotHints) => void
  /** A router says that presence is away. */
  readonly presenceAway: () => void
  /** Hints were lost: everybody has to sync. */
  readonly resyncAll: () => void
  /** Somebody was suspended or reinstated. */
  readonly standing: (standing: Standing) => void
  /** A `notice` frame for everybody. */
  readonly announce: (frame: Buffer) => void
}

interface FanOutPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly stats: Stats
  readonly repeats: Repeats
  readonly wordFilter: WordFilter
}

/** Whose records of a slot's topic count. Of a lease that ended only late replies do: its events would come out of order. */
interface Addressee {
  readonly lease: Lease
  readonly takes: 'all' | 'replies'
}

/** Takes one record of a delivery topic apart. No addressee: the broadcast topic's, which are everybody's. */
export type FanOut = (topic: Topic, record: StoredRecord, addressee: Addressee | undefined) => void

/** What a person wrote is bytes to the schema: an event that cannot be shown ends in the dead letters, not this process. */
const shownEvent = (event: LogEvent): ReturnType<typeof toClientEvent> | string => {
  try {
    return toClientEvent(event)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export const createFanOut = (ports: FanOutPorts, targets: FanOutTargets): FanOut => {
  const { stats, repeats, logger, clock } = ports
  const ageMs = ports.metrics.histogram(
    'chat_connector_delivery_age_ms',
    "From a delivery's LogAppendTime to its fan-out, by this machine's clock",
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000],
  )

  /** What is no event for clients to see, but changes something here. */
  const takeAside = (event: LogEvent, place: { readonly partition: number; readonly pos: number }) => {
    switch (event.type) {
      case 'UserSuspended':
      case 'UserReinstated':
        return targets.standing({ ...place, id: event.userId, isSuspended: event.type === 'UserSuspended' })
      case 'NoticeBroadcast':
        return targets.announce(encodeNotice('announcement', ports.wordFilter.mask(textOf(event.text))))
    }
  }

  /** One JSON text and one buffer for all sockets. */
  const toldEvent = (partition: number, delivery: EventDelivery): Told | undefined | string => {
    const { pos, schema, value, users, isLarge, toMembers } = delivery
    const decoded = decodeEvent(schema, value)
    if ('reason' in decoded) return decoded.detail
    takeAside(decoded.record, { partition, pos })
    const event = shownEvent(decoded.record)
    if (typeof event !== 'object') return event
    const frame = encodeEventFrame(ports.wordFilter.maskEvent(event))
    const place = hasPlace(event) ? { conversation: event.conversation, seq: event.seq } : undefined
    return { event: decoded.record, pushed: { place, partition, pos, frame }, users, isLarge, toMembers }
  }

  const replied = (delivery: SlotDelivery | SlotHints | Kick) => {
    if (delivery.type !== 'SlotDelivery') return
    for (const reply of delivery.replies) targets.complete(reply, delivery.partition)
  }

  const deliver = (topic: Topic, record: StoredRecord, delivery: SlotDelivery) => {
    replied(delivery)
    for (const event of delivery.events) {
      if (repeats.isRepeat(delivery.partition, event.pos)) {
        stats.deliveriesRepeated++
        continue // [G2]
      }
      const told = toldEvent(delivery.partition, event)
      if (typeof told === 'string') bury(topic, record, told)
      else if (told === undefined) continue
      else if (isForAll(delivery, event)) targets.pushAll(told.pushed)
      else targets.push(told)
    }
  }

  /** To the dead letters, for a person to look at; what it would have told comes by sync. */
  const bury = (topic: Topic, record: StoredRecord, detail: string) => {
    stats.deliveriesUndecodable++
    logger.warn({ topic: topic.name, offset: record.offset, detail }, 'delivery cannot be decoded')
    const { schema, value } = ports.encoder.encode({
      type: 'DeadLetter',
      topic: topic.name,
      partition: 0,
      offset: record.offset,
      reason: 'undecodable',
      detail,
      headers: record.headers,
      value: record.value === null ? null : Buffer.from(record.value),
    })
    const records = [{ key: null, value, headers: { type: 'DeadLetter', schema } }]
    ports.log.append({ topic: ports.topics.deadLetters, partition: 0, records }).catch((error) => {
      if (!isFault(error)) throw error
      logger.warn({ err: error, topic: topic.name, offset: record.offset }, 'dead letter not written')
    })
    targets.resyncAll()
  }

  return (topic, record, addressee) => {
    const decoded = decodeDelivery(record.headers.schema ?? '', record.value)
    if ('reason' in decoded) return bury(topic, record, decoded.detail)
    const delivery = decoded.record
    if (delivery.type === 'PresenceAway') return targets.presenceAway()
    // Of an earlier holder of the slot, or of ourselves before the lease was lost: its users have synced since.
    if (addressee !== undefined && !isFor(delivery, addressee.lease)) {
      stats.deliveriesForeign++
      return // [G8]
    }
    ageMs.observe(Math.max(0, clock.now() - record.timestamp))
    if (addressee?.takes === 'replies') return replied(delivery)
    if (delivery.type === 'Kick') targets.kick(delivery)
    else if (delivery.type === 'SlotHints') targets.hints(delivery)
    else deliver(topic, record, delivery)
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** Everybody is not listed: see `broadcast` of the domain. */
const isForAll = ({ slot }: SlotDelivery, { users }: EventDelivery): boolean => slot === -1 && users.length === 0

const isFor = (delivery: SlotDelivery | SlotHints | Kick, { slot, epoch }: Lease): boolean =>
  delivery.slot === slot && delivery.epoch === epoch
