import type { ReadModels, Standing, SuspensionMark, SuspensionsPage, UserRow } from '@chat/read-models'
import { type Clock, every, type Health, type Logger, type Service } from '@chat/runtime'

/** How often suspensions are read, ms. With one look lost and its statement's time-out a socket still closes within 5 s. */
const lookMs = 2000
/** Looks that fail in a row before the connector calls itself not ready. */
const failuresMax = 3

/**
 * Who is suspended. Learns it from the read models every 2 s, whatever presence does, and mostly sooner from the event itself, which
 * routers deliver to whoever it is about. Keeps one entry (some 100 bytes) for everybody who is suspended.
 */
export interface Suspensions extends Service {
  isSuspended(userId: number): boolean
  /** The same of somebody who was just read: he may be more than 2 s ahead of the last look. */
  isUserSuspended(user: Pick<UserRow, 'id' | 'isSuspended'>): boolean
  /** An event of an account was delivered here. */
  note(standing: Standing): void
  /** `listener` gets each user who is suspended from now on. It returns at once and does not throw. Returns what takes it off again. */
  onSuspended(listener: (userId: number) => void): () => void
}

interface SuspensionsPorts {
  readonly readModels: Pick<ReadModels, 'suspensions'>
  readonly clock: Clock
  readonly health: Health
  readonly logger: Logger
}

/** Not ready (reason `suspensions`) from `start` until the first look succeeded, and again when several failed in a row. */
export const createSuspensions = ({ readModels, clock, health, logger }: SuspensionsPorts): Suspensions => {
  /** Suspended ones; and reinstated ones until a look has passed what reinstated them. */
  const standings = new Map<number, Standing>()
  const listeners = new Set<(userId: number) => void>()
  let mark: SuspensionMark | undefined
  let cancel = () => {}
  let failures = 0

  const take = (standing: Standing, wasSuspended = standings.get(standing.id)?.isSuspended === true) => {
    standings.set(standing.id, standing)
    if (standing.isSuspended && !wasSuspended) for (const listener of listeners) listener(standing.id)
  }

  /** Of two that say something of one account, the one further on in the log is right. */
  const takeNewer = (standing: Standing) => {
    const known = standings.get(standing.id)
    if (known === undefined || known.pos < standing.pos) take(standing)
  }

  const takeAll = (page: SuspensionsPage) => {
    const before = new Map(standings)
    const isSameLog = mark?.generation === page.mark.generation
    standings.clear()
    if (isSameLog) for (const known of before.values()) if (isBeyond(known, page.mark)) standings.set(known.id, known)
    for (const standing of page.users) {
      const known = standings.get(standing.id)
      if (known === undefined || known.pos < standing.pos) take(standing, before.get(standing.id)?.isSuspended === true)
    }
  }

  const look = async () => {
    try {
      const page = await readModels.suspensions(mark)
      if (page.kind === 'all') takeAll(page)
      else for (const standing of page.users) takeNewer(standing)
      mark = page.mark
      for (const standing of standings.values())
        if (!standing.isSuspended && !isBeyond(standing, page.mark)) standings.delete(standing.id)
      if (failures > 0) logger.info({}, 'suspensions read again')
      failures = 0
      health.clear('suspensions')
    } catch (error) {
      failures++
      if (failures === 1) logger.warn({ err: error }, 'suspensions cannot be read')
      if (failures === failuresMax) health.set('suspensions', 'suspensions cannot be read from the database')
    }
  }

  const isSuspended = (userId: number): boolean => standings.get(userId)?.isSuspended === true

  return {
    start: async () => {
      health.set('suspensions', 'suspensions were not read yet')
      await look()
      cancel = every(clock, lookMs, look)
    },
    stop: async () => cancel(),
    isSuspended,
    isUserSuspended: (user) => standings.get(user.id)?.isSuspended ?? user.isSuspended,
    note: (standing) => {
      // An event that is told again after a takeover: what it said may not be so any more.
      if (mark === undefined || isBeyond(standing, mark)) takeNewer(standing)
    },
    onSuspended: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Whether a look that came to `mark` cannot have seen it. */
const isBeyond = ({ partition, pos }: Standing, mark: SuspensionMark): boolean => pos >= (mark.events[partition] ?? 0)
