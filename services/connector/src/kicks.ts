import type { EventLog } from '@chat/event-log'
import type { Holder, Lease, Presence } from '@chat/presence'
import { type Clock, isFault, type Logger } from '@chat/runtime'
import type { Encoder, Kick, Topic, Topics } from '@chat/schemas'
import type { PresenceNews } from './presence-news.ts'

/** A hello that was accepted here, as other connectors are told of it. */
type Hello = Pick<Kick, 'user' | 'device' | 'connection' | 'at' | 'order'>

/** Tells the other connectors where a user is that one of his devices is here now. */
export interface Kicks {
  /**
   * While presence is away, everybody is told. Batched. Resolves when it was told, or could not be: that is not repeated, the stale connection then ends by its heartbeat. Never
   * rejects.
   */
  announce(hello: Hello): Promise<void>
  readonly evict: Evict
}

/** Tells the connector of a connection that lost its claim to close it, and no later one of that device. Throws Fault. */
export type Evict = (holder: Holder) => Promise<void>

interface KickPorts {
  readonly presence: Presence
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly clock: Clock
  readonly logger: Logger
  readonly lease: () => Lease | undefined
  readonly news: PresenceNews
  readonly isPresenceAway: () => boolean
  readonly onFatal: (error: unknown) => void
}

/** Call `announce` after presence acknowledged the registration: of two hellos that cross, at least one then finds the other. */
export const createKicks = (ports: KickPorts): Kicks => {
  const { presence, log, topics, encoder, clock, logger, lease, news, isPresenceAway, onFatal } = ports
  let next = newBatch()
  let isRunning = false

  const tell = async (hellos: readonly Hello[]) => {
    const own = lease()
    const locations = await located([...new Set(hellos.map(({ user }) => user))])
    if (locations === undefined) {
      const kicks = hellos.map((hello): Kick => ({ type: 'Kick', ...hello, slot: -1, epoch: 0 }))
      await Promise.all(kicks.map((kick) => append(topics.deliveryAll, kick)))
      return
    }
    const kicks = hellos.flatMap((hello) =>
      (locations.get(hello.user) ?? [])
        .filter(({ slot, epoch }) => slot !== own?.slot || epoch !== own.epoch)
        .map(({ slot, epoch }): Kick => ({ type: 'Kick', ...hello, slot, epoch })),
    )
    // A world with more slots than ours: not reachable from here.
    const topicOf = ({ slot }: Kick) => topics.deliveries[slot]
    await Promise.all(kicks.map(async (kick) => append(topicOf(kick), kick)))
  }

  /** undefined: presence is away, and routers broadcast. */
  const located = async (users: readonly number[]) => {
    if (isPresenceAway()) return undefined
    try {
      return (await presence.lookup(users)).locations
    } catch (error) {
      if (isFault(error) && news.isFresh()) return undefined
      throw error
    }
  }

  const append = async (topic: Topic | undefined, kick: Kick) => {
    if (topic === undefined) return
    const { schema, value } = encoder.encode(kick)
    await log.append({ topic, partition: 0, records: [{ key: null, value, headers: { type: kick.type, schema } }] })
  }

  /** Says that it has ended in the same step in which it found nothing left: who comes a moment later starts it again. */
  const run = async () => {
    isRunning = true
    try {
      while (next.hellos.length > 0) {
        const { hellos, told } = next
        next = newBatch()
        await tell(hellos).catch((error) => {
          if (!isFault(error)) throw error
          logger.debug({ err: error, hellos: hellos.length }, 'other connectors not told of a hello')
        })
        told.resolve()
      }
    } finally {
      isRunning = false
    }
  }

  return {
    // No connection has the empty name, and none that comes later a smaller number: it counts for this one and those before it.
    evict: ({ user, device, order, slot, epoch }) =>
      append(topics.deliveries[slot], {
        ...{ type: 'Kick', user, device, connection: '', at: clock.now(), order: order + 1, slot, epoch },
      }),
    announce: (hello) => {
      next.hellos.push(hello)
      const { promise } = next.told
      if (!isRunning) run().catch(onFatal)
      return promise
    },
  }
}

/** Those that are told together, and when they were. */
const newBatch = () => ({ hellos: [] as Hello[], told: Promise.withResolvers<void>() })
