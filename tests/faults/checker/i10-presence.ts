import type { Closed, Connected, HistoryEvent, PresenceSeen } from '../history.ts'
import type { Facts } from './facts.ts'
import { within } from './log-facts.ts'
import { createFound, type Violation } from './violation.ts'

/** Presence is right this long after the last thing that could have upset it, ms. */
const presenceQuietMs = 30_000

interface Belief {
  isOnline: boolean
  /** Since when it contradicts the truth with nothing else going on; undefined: it is right. */
  wrongSince: number | undefined
}

/**
 * I10: 30 s after the last fault, and after the user and the watcher last came or went, what a watcher sees of a user is true. Fed by
 * `presenceSeen`: nothing is checked of clients that watch nobody, as long as the server offers no presence.
 */
export const presenceRight = ({ history, userOf }: Facts): readonly Violation[] => {
  const found = createFound('I10')
  const online = new Map<number, Set<string>>()
  /** watching device → user → what it sees. */
  const beliefs = new Map<string, Map<number, Belief>>()
  const faults = new Set<number>()
  const isRight = (user: number, belief: Belief) => belief.isOnline === (online.get(user)?.size ?? 0) > 0
  /** While a fault goes on, nothing is held against anybody. */
  const wrongFrom = (at: number) => (faults.size > 0 ? Number.POSITIVE_INFINITY : at)

  const look = (at: number) => {
    for (const [device, users] of beliefs)
      for (const [user, belief] of users) {
        const { wrongSince, isOnline } = belief
        if (wrongSince === undefined || at - wrongSince <= presenceQuietMs) continue
        found.add(
          `${device} still saw ${user} ${isOnline ? 'online' : 'offline'} ${at - wrongSince} ms after the change`,
        )
        belief.wrongSince = undefined
      }
  }
  /** Something changed: who is wrong now has the whole time from now on. */
  const restart = (at: number, onlyOf?: number) => {
    for (const users of beliefs.values())
      for (const [user, belief] of users)
        if (onlyOf === undefined || user === onlyOf)
          belief.wrongSince = isRight(user, belief) ? undefined : wrongFrom(at)
  }
  const move = (line: Connected | Closed) => {
    const user = userOf.get(line.device) ?? 0
    const devices = within(online, user, () => new Set<string>())
    if (line.what === 'connected') devices.add(line.device)
    else devices.delete(line.device)
    if (line.what === 'closed') beliefs.delete(line.device)
    restart(line.at, user)
  }
  const see = ({ device, user, isOnline, at }: PresenceSeen) => {
    const users = within(beliefs, device, () => new Map<number, Belief>())
    const belief = within(users, user, () => ({ isOnline, wrongSince: undefined }) as Belief)
    belief.isOnline = isOnline
    // Told the same wrong thing again, it is wrong since the first time.
    belief.wrongSince = isRight(user, belief) ? undefined : (belief.wrongSince ?? wrongFrom(at))
  }

  for (const line of history) {
    if (!upsetting.has(line.what)) continue
    look(line.at)
    if (line.what === 'connected' || line.what === 'closed') move(line)
    else if (line.what === 'presenceSeen') see(line)
    else if (line.what === 'unwatched') for (const user of line.users) beliefs.get(line.device)?.delete(user)
    if (line.what === 'faultBegun') faults.add(line.fault)
    if (line.what === 'faultEnded') faults.delete(line.fault)
    if (line.what === 'faultBegun' || line.what === 'faultEnded') restart(line.at)
  }
  look(history.at(-1)?.at ?? 0)
  return found.violations
}

/** The lines at which something is looked at; between them nothing changes. */
const upsetting: ReadonlySet<HistoryEvent['what']> = new Set([
  'connected',
  'closed',
  'presenceSeen',
  'unwatched',
  'faultBegun',
  'faultEnded',
])
