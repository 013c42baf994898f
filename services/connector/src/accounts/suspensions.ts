import type { ReadModels, Standing, SuspensionMark, SuspensionsPage, UserRow } from '@chat/read-models'
import type { Service } from '@chat/runtime'
import { createRegularLook, type RegularLookPorts } from './regular-look.ts'

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

interface SuspensionsPorts extends RegularLookPorts {
  readonly readModels: Pick<ReadModels, 'suspensions'>
}

/** Not ready (reason `suspensions`) from `start` until the first look succeeded, and again when several failed in a row. */
export const createSuspensions = ({ readModels, ...ports }: SuspensionsPorts): Suspensions => {
  /** Suspended ones; and reinstated ones until a look has passed what reinstated them. */
  const standings = new Map<number, Standing>()
  const listeners = new Set<(userId: number) => void>()
  let mark: SuspensionMark | undefined

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
    const page = await readModels.suspensions(mark)
    if (page.kind === 'all') takeAll(page)
    else for (const standing of page.users) takeNewer(standing)
    mark = page.mark
    for (const standing of standings.values())
      if (!standing.isSuspended && !isBeyond(standing, page.mark)) standings.delete(standing.id)
  }

  const isSuspended = (userId: number): boolean => standings.get(userId)?.isSuspended === true

  return {
    ...createRegularLook(ports, { what: 'suspensions', reason: 'suspensions' }, look),
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
