import type { ConnectorInfo, Lease, Presence } from '@chat/presence'
import { leaseMs } from '@chat/presence'
import { type Clock, type Health, isFault, type Logger, type Random, retry, sleep } from '@chat/runtime'

const renewMs = 1000
/** Without a successful renewal for this long the lease is given up, ms: well before anybody else can take the slot. */
const giveUpMs = (leaseMs * 2) / 3
const takeBackoff = { firstMs: 50, maxMs: 2000 }

/** How a lease ended. `forgotten`: presence lost it while we were renewing; `expired`: presence was away, or we were frozen. */
export type LeaseEnd = 'forgotten' | 'expired'

export interface LeaseHolder {
  /** What others are told with each renewal. */
  info(): ConnectorInfo
  /** Makes the slot's deliveries arrive; the lease is current once it resolves. Rejects only when aborted. */
  adopt(lease: Lease, signal: AbortSignal): Promise<void>
  /** The lease is current: commands may name it. `signal` aborts when it ended, however that came. */
  adopted(lease: Lease, signal: AbortSignal): void
  /** Presence as a whole was lost and made anew: who is connected here must be registered again. */
  generationChanged(lease: Lease): void
  ended(how: LeaseEnd): void
}

/** Keeps a lease of a delivery slot for as long as it runs: takes one, renews it each second, takes another when it ended. */
export interface LeaseKeeper {
  /** Resolves when the first lease is current. Rejects when stopped before. */
  start(): Promise<void>
  current(): Lease | undefined
  /** Gives the slot back at once. Idempotent. */
  stop(): Promise<void>
}

interface LeasePorts {
  readonly presence: Presence
  readonly clock: Clock
  readonly random: Random
  readonly health: Health
  readonly logger: Logger
  readonly onFatal: (error: unknown) => void
}

export const createLeaseKeeper = (ports: LeasePorts, holder: LeaseHolder): LeaseKeeper => {
  const { presence, clock, random, health, logger } = ports
  const stopping = new AbortController()
  const first = Promise.withResolvers<void>()
  first.promise.catch(() => {}) // Stopped before anybody waited.
  let current: Lease | undefined
  let running: Promise<void> = Promise.resolve()

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
    const renew = async (): Promise<LeaseEnd | undefined> => {
      const askedAt = clock.monotonic()
      const answer = await presence.renew({ ...lease, generation }, holder.info())
      const isLate = askedAt - renewedAt >= giveUpMs
      if (answer.outcome === 'lost') return isLate ? 'expired' : 'forgotten'
      if (isLate) return 'expired' // Frozen for long: deliveries of the meantime may be gone from the clients' point of view.
      renewedAt = askedAt
      if (answer.generation === generation) return undefined
      generation = answer.generation
      if (current !== undefined) current = { ...lease, generation }
      holder.generationChanged({ ...lease, generation })
      return undefined
    }
    for (;;) {
      await sleep(clock, renewMs, signal)
      // A renewal that hangs must not outlive the lease: whichever comes first decides.
      const left = giveUpMs - (clock.monotonic() - renewedAt)
      const end = await withinMs(clock, Math.max(0, left), renew().catch(ignoreOutage), 'expired' as const)
      if (end !== undefined) return end
      if (clock.monotonic() - renewedAt >= giveUpMs) return 'expired'
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
      holder.ended(end)
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
    stop: async () => {
      stopping.abort(new Error('stopping'))
      await running
    },
  }
}

/** An outage is what `giveUpMs` is for. */
const ignoreOutage = (error: unknown): undefined => {
  if (!isFault(error)) throw error
  return undefined
}

/** The promise's value, or `late` when `ms` passed first. */
export const withinMs = <T, L>(clock: Clock, ms: number, promise: Promise<T>, late: L): Promise<T | L> =>
  new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(late))
    promise.then(resolve, reject).finally(cancel)
  })
