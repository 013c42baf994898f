import type { EventLog } from '@chat/event-log'
import type { Lease, Presence } from '@chat/presence'
import { isFault, type Logger } from '@chat/runtime'
import type { Encoder, Kick, Topics } from '@chat/schemas'

/** A hello that was accepted here, as other connectors are told of it. */
type Hello = Pick<Kick, 'user' | 'device' | 'connection' | 'at'>

/** Tells the other connectors where a user is that one of his devices is here now. */
export interface Kicks {
  /** In the background, batched; one that cannot be told is not repeated: the stale connection then ends by its heartbeat. */
  announce(hello: Hello): void
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
  let waiting: Hello[] = []
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
    while (waiting.length > 0) {
      const hellos = waiting
      waiting = []
      await tell(hellos).catch((error) => {
        if (!isFault(error)) throw error
        logger.debug({ err: error, hellos: hellos.length }, 'other connectors not told of a hello')
      })
    }
  }

  return {
    announce: (hello) => {
      waiting.push(hello)
      if (isRunning) return
      isRunning = true
      run()
        .catch(onFatal)
        .finally(() => {
          isRunning = false
        })
    },
  }
}
