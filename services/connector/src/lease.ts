import type { ConnectorInfo, Lease, Presence, Renewal } from '@chat/presence'
import { leaseMs } from '@chat/presence'
import { type Clock, type Health, isFault, type Logger, type Random, retry, sleep, withinMs } from '@chat/runtime'
import type { PresenceNews } from './presence-news.ts'

const renewMs = 1000
/**
 * Without a successful renewal for this long the lease is given up, ms: well before anybody else can take the slot. Not so while routers
 * say that presence is away for them too: then nobody can take it, and what they deliver reaches every connector.
 */
const giveUpMs = (leaseMs * 2) / 3
const takeBackoff = { firstMs: 50, maxMs: 2000 }

/**
 * How a lease ended. `taken`: presence had lost it, or been away while routers said so, and another connector took the slot before we renewed
 * it; `expired`: presence was away for us alone, or we were frozen.
 */
export type LeaseEnd = 'taken' | 'expired'

export interface LeaseHolder {
  /** What others are told with each renewal. */
  info(): ConnectorInfo
  /** Makes the slot's deliveries arrive; the lease is current once it resolves. Rejects only when aborted. */
  adopt(lease: Lease, signal: AbortSignal): Promise<void>
  /** The lease is current: commands may name it. `signal` aborts when it ended, however that came. */
  adopted(lease: Lease, signal: AbortSignal): void
  /**
   * Presence took a renewal again after it had been away, was lost and made anew, or had let the lease run out; nobody else had the lease
   * meanwhile. Who is connected here must be registered again.
   */
  restored(lease: Lease): void
  /** Presence took a renewal. */
  renewed(lease: Lease): void
  ended(how: LeaseEnd, lease: Lease): void
}

/** Keeps a lease of a delivery slot for as long as it runs: takes one, renews it each second, takes another when it ended. */
export interface LeaseKeeper {
  /** Resolves when the first lease is current. Rejects when stopped before. */
  start(): Promise<void>
  current(): Lease | undefined
  /** Presence takes no renewal, and routers say why: who is here stays, and who comes is let in without being registered. */
  isPresenceAway(): boolean
  /** Gives the slot back at once. Idempotent. */
  stop(): Promise<void>
}

type Held = Exclude<Renewal, { readonly outcome: 'lost' }>

interface LeasePorts {
  readonly presence: Presence
  readonly clock: Clock
  readonly random: Random
  readonly health: Health
  readonly logger: Logger
  readonly news: PresenceNews
  readonly onFatal: (error: unknown) => void
}

export const createLeaseKeeper = (ports: LeasePorts, holder: LeaseHolder): LeaseKeeper => {
  const { presence, clock, random, health, logger, news } = ports
  const stopping = new AbortController()
  const first = Promise.withResolvers<void>()
  first.promise.catch(() => {}) // Stopped before anybody waited.
  let current: Lease | undefined
  let running: Promise<void> = Promise.resolve()
  /** The last renewal failed. */
  let isFailing = false

  const isPresenceAway = () => isFailing && news.isFresh()

  /** With the time at which it was asked for: no lease is counted longer than it lives. */
  const take = (signal: AbortSignal) =>
    retry(async () => ({ takenAt: clock.monotonic(), lease: await presence.lease(holder.info()) }), {
      clock,
      random,
      backoff: takeBackoff,
      isRetryable: (error) => isFault(error),
      onRetry: (error, attempt) => {
        const reason = isFault(error, 'no_free_slot') ? 'all delivery slots are taken' : 'presence cannot be reached'
        health.set('presence', reason)
        if (attempt === 0) logger.warn({ err: error }, 'no lease of a delivery slot')
      },
      signal,
    })

  /** Renews until the lease ended. */
  const keep = async (lease: Lease, takenAt: number, signal: AbortSignal): Promise<LeaseEnd> => {
    let { generation } = lease
    let renewedAt = takenAt
    let isKept = false
    const endsAt = () => Math.max(renewedAt + giveUpMs, news.freshUntilMs())
    // What was heard before we were frozen is old by then, and deliveries of the meantime may be gone from the clients' point of view.
    const isOver = () => clock.monotonic() >= endsAt()
    const failed = (error: unknown) => {
      if (!isFailing) logger.warn({ err: error, slot: lease.slot }, 'lease not renewed')
      isFailing = true
      if (isKept || !news.isFresh()) return
      isKept = true
      logger.warn({ slot: lease.slot }, 'presence away, connections kept')
    }
    const answered = (askedAt: number, answer: Held) => {
      renewedAt = Math.max(renewedAt, askedAt)
      const isRestored = isKept || answer.outcome === 'revived' || answer.generation !== generation
      generation = answer.generation
      const renewed = { ...lease, generation }
      if (current !== undefined) current = renewed
      isFailing = false
      if (isRestored) holder.restored(renewed)
      else holder.renewed(renewed)
      if (isKept) logger.info({ slot: lease.slot }, 'presence is back, lease kept')
      isKept = false
    }
    const renew = async (): Promise<LeaseEnd | undefined> => {
      const askedAt = clock.monotonic()
      const answer = await presence.renew({ ...lease, generation }, holder.info())
      if (signal.aborted) return undefined // Too late: the lease was given up.
      if (isOver()) return 'expired'
      if (answer.outcome === 'lost') return 'taken'
      answered(askedAt, answer)
      return undefined
    }
    for (;;) {
      await sleep(clock, renewMs, signal)
      if (isOver()) return 'expired'
      // A renewal that hangs must not outlive the lease: whichever comes first decides.
      const renewing = renew().catch((error) => {
        if (!isFault(error)) throw error
        failed(error)
        return undefined
      })
      const end = await withinMs(clock, endsAt() - clock.monotonic(), renewing, undefined)
      if (end !== undefined) return end
      if (isOver()) return 'expired'
    }
  }

  const hold = async (signal: AbortSignal) => {
    const { takenAt, lease } = await take(signal)
    const held = new AbortController()
    const whileHeld = AbortSignal.any([signal, held.signal])
    const adopting = holder.adopt(lease, whileHeld).then(() => {
      if (whileHeld.aborted) return
      current = lease
      health.clear('presence')
      logger.info({ slot: lease.slot, epoch: lease.epoch }, 'lease taken')
      holder.adopted(lease, whileHeld)
      first.resolve()
    })
    adopting.catch(() => {}) // Aborted with the lease; anything else surfaces below.
    try {
      const end = await Promise.race([
        keep(lease, takenAt, whileHeld),
        adopting.then(() => new Promise<never>(() => {})),
      ])
      logger.warn({ slot: lease.slot, epoch: lease.epoch, end }, 'lease ended')
      health.set('presence', 'the lease of the delivery slot ended')
      current = undefined
      isFailing = false
      holder.ended(end, lease)
      if (end === 'expired') await release(lease) // The last renewal may have been heard, and nobody is here under it any more.
    } finally {
      held.abort(new Error('the lease ended'))
      if (signal.aborted) await release(lease)
    }
  }

  const release = async (lease: Lease) => {
    current = undefined
    await presence.release(lease).catch((error) => logger.debug({ err: error }, 'lease not released; it runs out')) // [G12]
  }

  const run = async (signal: AbortSignal) => {
    while (!signal.aborted) await hold(signal)
  }

  return {
    start: () => {
      health.set('presence', 'no lease of a delivery slot yet')
      running = run(stopping.signal).catch((error) => {
        first.reject(error)
        if (!stopping.signal.aborted) ports.onFatal(error)
      })
      return first.promise
    },
    current: () => current,
    isPresenceAway,
    stop: async () => {
      stopping.abort(new Error('stopping'))
      await running
    },
  }
}
