import type { EventLog } from '@chat/event-log'
import type { Lease, Presence } from '@chat/presence'
import { isFault, type Logger } from '@chat/runtime'
import type { Encoder, Kick, Topics } from '@chat/schemas'

/** A hello that was accepted here, as other connectors are told of it. */
type Hello = Pick<Kick, 'user' | 'device' | 'connection' | 'at' | 'order'>

/** Tells the other connectors where a user is that one of his devices is here now. */
export interface Kicks {
  /**
   * Batched. Resolves when it was told, or could not be: that is not repeated, the stale connection then ends by its heartbeat. Never
   * rejects.
   */
  announce(hello: Hello): Promise<void>
}

interface KickPorts {
  readonly presence: Presence
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly logger: Logger
  readonly lease: () => Lease | undefined
  readonly onFatal: (error: unknown) => void
}

/** Call `announce` after presence acknowledged the registration: of two hellos that cross, at least one then finds the other. */
export const createKicks = ({ presence, log, topics, encoder, logger, lease, onFatal }: KickPorts): Kicks => {
  let next = newBatch()
  let isRunning = false

  const tell = async (hellos: readonly Hello[]) => {
    const own = lease()
    const { locations } = await presence.lookup([...new Set(hellos.map(({ user }) => user))])
    const kicks = hellos.flatMap((hello) =>
      (locations.get(hello.user) ?? [])
        .filter(({ slot, epoch }) => slot !== own?.slot || epoch !== own.epoch)
        .map(({ slot, epoch }): Kick => ({ type: 'Kick', ...hello, slot, epoch })),
    )
    await Promise.all(kicks.map(append))
  }

  const append = async (kick: Kick) => {
    const topic = topics.deliveries[kick.slot]
    if (topic === undefined) return // A world with more slots than ours: not reachable from here.
    const { schema, value } = encoder.encode(kick)
    await log.append({ topic, partition: 0, records: [{ key: null, value, headers: { type: kick.type, schema } }] })
  }

  const run = async () => {
    while (next.hellos.length > 0) {
      const { hellos, told } = next
      next = newBatch()
      await tell(hellos).catch((error) => {
        if (!isFault(error)) throw error
        logger.debug({ err: error, hellos: hellos.length }, 'other connectors not told of a hello')
      })
      told.resolve()
    }
  }

  return {
    announce: (hello) => {
      next.hellos.push(hello)
      const { promise } = next.told
      if (isRunning) return promise
      isRunning = true
      run()
        .catch(onFatal)
        .finally(() => {
          isRunning = false
        })
      return promise
    },
  }
}

/** Those that are told together, and when they were. */
const newBatch = () => ({ hellos: [] as Hello[], told: Promise.withResolvers<void>() })
