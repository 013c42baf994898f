import type { StoredRecord } from '@chat/event-log'
import type { ConnectorInfo } from '@chat/presence'
import { assert, every, isFault, retry } from '@chat/runtime'
import { closeCode } from '@chat/schemas/protocol'
import type { CommandLane } from './commands.ts'
import type { FanOut } from './deliveries/fan-out.ts'
import { tailDeliveries } from './deliveries/tail.ts'
import type { LargeGroups } from './large-groups/large-groups.ts'
import type { LeaseEnd, LeaseHolder } from './lease.ts'
import type { Logins } from './login-policy.ts'
import type { Ports } from './ports.ts'
import type { PresenceTime } from './presence-time.ts'
import type { Registrar } from './registrar.ts'
import type { Connections } from './socket/connections.ts'

/** Everybody is registered again this often, ms: heals whatever went wrong unseen. */
const rewriteMs = 5 * 60_000
/**
 * Replies to what was sent under a lease that presence lost are waited for so long, ms: they are on their way already, and who gets them
 * keeps his connection.
 */
const lateRepliesMs = 900
const registerBackoff = { firstMs: 50, maxMs: 2000 }

interface Parts {
  readonly info: () => ConnectorInfo
  readonly fanOut: FanOut
  readonly commands: CommandLane
  readonly connections: Connections
  readonly registrar: Registrar
  readonly largeGroups: LargeGroups
  readonly logins: Logins
  readonly time: PresenceTime
  /** Deliveries may not have come: everybody syncs. */
  readonly resyncAll: () => void
}

/** What a lease means to the rest of the connector: where deliveries come from, who is registered, and who must sync or go. */
export const createPresenceKeeper = (ports: Ports, parts: Parts): LeaseHolder => {
  const { topics, clock, random, logger, onFatal } = ports
  const { connections, commands, registrar, largeGroups, logins, time, resyncAll } = parts
  let announcing = new AbortController()
  let isFirst = true
  let linger = (): void => {}

  const registerOnce = async () => {
    await registrar.registerAll(connections.users(), largeGroups.conversations())
    connections.lost(await logins.claimAll(connections.claims()))
  }

  const registerAll = (signal: AbortSignal): Promise<void> =>
    retry(registerOnce, {
      clock,
      random,
      backoff: registerBackoff,
      isRetryable: (error) => isFault(error),
      onRetry: (error, attempt) => {
        if (attempt === 0) logger.warn({ err: error }, 'users not registered')
      },
      signal,
    })

  /** Until it is through, others do not find those who are here: they sync afterwards. */
  const announceAll = () => {
    announcing.abort(new Error('announced anew'))
    announcing = new AbortController()
    const { signal } = announcing
    registerAll(signal).then(resyncAll, (error) => (signal.aborted ? undefined : onFatal(error)))
  }

  const rewrite = () => {
    largeGroups.refresh()
    registerOnce().catch((error) => {
      if (!isFault(error)) return onFatal(error)
      logger.debug({ err: error }, 'users not registered again')
    })
  }

  return {
    info: parts.info,
    adopt: async (lease, signal) => {
      const topic = topics.deliveries[lease.slot]
      assert(topic !== undefined, 'presence gives no slot beyond the delivery topics')
      const tailing = new AbortController()
      let takes: 'all' | 'replies' = 'all'
      const end = () => tailing.abort(new Error('the lease ended'))
      const onEnded = () => takes === 'all' && end()
      linger = () => {
        takes = 'replies'
        clock.after(lateRepliesMs, () => {
          commands.abandon('the lease ended; replies can no longer arrive', lease)
          end()
        })
      }
      signal.addEventListener('abort', onEnded)
      const onRecord = (record: StoredRecord) => parts.fanOut(topic, record, { lease, takes })
      const tail = await tailDeliveries(ports, topic, tailing.signal, onRecord, resyncAll)
      tail.done.catch(onFatal)
    },
    adopted: (lease, signal) => {
      time.heard(lease.epoch)
      if (!isFirst) announceAll() // [G9]
      isFirst = false
      const cancelRewrite = every(clock, rewriteMs, rewrite)
      signal.addEventListener('abort', () => {
        cancelRewrite()
        announcing.abort(new Error('the lease ended'))
      })
    },
    restored: announceAll,
    renewed: () => {
      logins.tick()
      if (registrar.hasUnregistered()) announceAll()
    },
    ended: (how: LeaseEnd, lease) => {
      // Taken: presence was lost while we were here. Nobody is closed, a new lease and a resync follow at once.
      if (how === 'taken') return linger()
      commands.abandon('the lease ended; replies can no longer arrive', lease)
      connections.closeAll(closeCode.unavailable, 'presence cannot be reached')
    },
  }
}
