import type { Presence, Sightings } from '@chat/presence'
import { type Clock, every, isFault, type Logger } from '@chat/runtime'
import { presenceWatchedMax } from '@chat/schemas/protocol'
import { ok, refused } from '../answer.ts'
import type { Answer, Identity } from '../ports.ts'
import type { Privacy } from './privacy.ts'
import { look, type Shown, type Sight, type Sighting, unseen } from './sight.ts'

/** How often everybody who is watched here is looked for, ms: one bounded call for all of them. */
const pollMs = 1_000
/** Different users watched by the connections of one connector; watching more is refused. A look for so many takes Redis and us some 35 ms each. */
const watchedUsersMax = 20_000
/** Who is found nowhere means nothing for so long after presence was away or lost, ms: connectors register all again meanwhile. */
export const distrustMs = 10_000

/** A connection that watches. */
export interface Watcher {
  readonly identity: Identity
  /** Pushes a frame. */
  tell(frame: Buffer): void
  /** It closed: nothing is kept for it any more. */
  isGone(): boolean
}

/**
 * Who is online, for those who asked to be told. Where presence cannot tell, what was shown stays, and who was not shown yet is left out
 * of the answer and pushed when it is known. [G9]
 */
export interface PresenceWatch {
  start(): void
  stop(): void
  /** Adds to what the connection watches. Answers with what is known of `users` now, never older than a push before it. */
  watch(watcher: Watcher, users: readonly number[]): Promise<Answer>
  /** undefined: all. */
  unwatch(watcher: Watcher, users: readonly number[] | undefined): void
  /** Different users that are watched. */
  watched(): number
}

interface Ports {
  readonly presence: Presence
  /** When users were last seen, ms since the epoch. Throws Fault. */
  readonly lastSeen: (users: readonly number[]) => Promise<ReadonlyMap<number, number>>
  readonly clock: Clock
  readonly logger: Logger
  readonly privacy: Privacy
  /** No use in asking presence now. */
  readonly isPresenceAway: () => boolean
  readonly onFatal: (error: unknown) => void
}

interface Watched {
  readonly watchers: Set<Watcher>
  sight: Sight
  /** Somebody's answer did not have him, because nobody could tell. */
  isOwed: boolean
}

export const createPresenceWatch = (ports: Ports): PresenceWatch => {
  const { presence, lastSeen, clock, logger, privacy, isPresenceAway, onFatal } = ports
  const watched = new Map<number, Watched>()
  const byWatcher = new Map<Watcher, Set<number>>()
  /** Whose watchers are to be told. */
  const changed = new Set<number>()
  let generation: string | undefined
  let trustedFromMs = Number.NEGATIVE_INFINITY
  let isAway = false
  let cancelPoll = () => {}

  const distrust = () => {
    trustedFromMs = clock.monotonic() + distrustMs
  }

  const settle = (user: number, found: Sighting): void => {
    const entry = watched.get(user)
    if (entry === undefined) return
    const { shown } = entry.sight
    const [atMs, now] = [clock.monotonic(), clock.now()]
    entry.sight = look(entry.sight, { found, isTrusted: atMs >= trustedFromMs, atMs, now })
    if (entry.sight.shown === shown) return
    if (shown !== undefined || entry.isOwed) changed.add(user)
    entry.isOwed = false
  }

  const take = (users: readonly number[], seen: Sightings): void => {
    if (isAway || seen.generation === null || (generation ?? seen.generation) !== seen.generation) distrust()
    isAway = false
    generation = seen.generation ?? undefined
    for (const user of users) settle(user, sightingOf(user, seen))
  }

  /** Looks for these; presence that does not answer changes nothing. */
  const lookFor = async (users: readonly number[]): Promise<void> => {
    if (isPresenceAway()) {
      isAway = true
      return
    }
    try {
      take(users, await presence.sightings(users))
    } catch (error) {
      if (!isFault(error)) throw error
      isAway = true
      logger.debug({ err: error }, 'presence of watched users not known')
    }
  }

  /** Tells watchers what changed; who cannot be told now is told after the next look. */
  const publish = async (): Promise<void> => {
    const users = [...changed].filter((user) => watched.has(user))
    changed.clear()
    if (users.length === 0) return
    const askers = new Set<number>()
    for (const user of users) for (const { identity } of watched.get(user)?.watchers ?? []) askers.add(identity.userId)
    try {
      const mayKnow = await privacy(users, [...askers])
      for (const user of users) push(user, (watcher) => mayKnow(user, watcher.identity.userId))
    } catch (error) {
      if (!isFault(error)) throw error
      for (const user of users) changed.add(user)
      logger.debug({ err: error }, 'watchers not told')
    }
  }

  const push = (user: number, isToKnow: (watcher: Watcher) => boolean) => {
    const { watchers, sight } = watched.get(user) ?? {}
    if (watchers === undefined || sight?.shown === undefined) return
    const frame = Buffer.from(JSON.stringify({ op: 'presence', user, ...fieldsOf(sight.shown) }))
    for (const watcher of watchers) if (isToKnow(watcher)) watcher.tell(frame)
  }

  const poll = async (): Promise<void> => {
    if (watched.size === 0) return
    await lookFor([...watched.keys()])
    await publish()
  }

  const enter = (watcher: Watcher, own: Set<number>, user: number) => {
    own.add(user)
    const entry = watched.get(user) ?? { watchers: new Set(), sight: unseen, isOwed: false }
    entry.watchers.add(watcher)
    watched.set(user, entry)
  }

  const leave = (watcher: Watcher, own: Set<number>, user: number) => {
    if (!own.delete(user)) return
    const entry = watched.get(user)
    entry?.watchers.delete(watcher)
    if (entry?.watchers.size === 0) watched.delete(user)
  }

  /** Who was offline before anybody watched him here: when he went is on his sessions. */
  const learnWhen = async (users: readonly number[]): Promise<void> => {
    const isMissing = (user: number) => {
      const shown = watched.get(user)?.sight.shown
      return shown?.isOnline === false && shown.lastSeenMs === undefined
    }
    const missing = users.filter(isMissing)
    if (missing.length === 0) return
    try {
      for (const [user, lastSeenMs] of await lastSeen(missing)) {
        const entry = watched.get(user)
        if (entry !== undefined && isMissing(user))
          entry.sight = { ...entry.sight, shown: { isOnline: false, lastSeenMs } }
      }
    } catch (error) {
      if (!isFault(error)) throw error
      logger.debug({ err: error }, 'when users were last seen is not known')
    }
  }

  const watch: PresenceWatch['watch'] = async (watcher, asked) => {
    const users = new Set(asked)
    const own = byWatcher.get(watcher) ?? new Set()
    const added = [...users].filter((user) => !own.has(user)).length
    if (own.size + added > presenceWatchedMax)
      return refused('too_many', `at most ${presenceWatchedMax} users are watched at once`)
    if (watched.size + added > watchedUsersMax) return refused('unavailable', 'too many users are watched here')
    const mayKnow = await privacy([...users], [watcher.identity.userId])
    if (watcher.isGone()) return ok({ users: [] })
    byWatcher.set(watcher, own)
    for (const user of users) enter(watcher, own, user)
    const unknown = [...users].filter((user) => watched.get(user)?.sight.shown === undefined)
    if (unknown.length > 0) await lookFor(unknown)
    await learnWhen([...users])
    const views = [...users].map((user) => {
      if (!mayKnow(user, watcher.identity.userId)) return { id: user, online: false }
      const entry = watched.get(user)
      const shown = entry?.sight.shown
      if (entry !== undefined && shown === undefined) entry.isOwed = true
      return shown === undefined ? undefined : { id: user, ...fieldsOf(shown) }
    })
    return ok({ users: views.filter((view) => view !== undefined) })
  }

  return {
    start: () => {
      cancelPoll = every(clock, pollMs, () => poll().catch(onFatal))
    },
    stop: () => cancelPoll(),
    watched: () => watched.size,
    watch,
    unwatch: (watcher, users) => {
      const own = byWatcher.get(watcher)
      if (own === undefined) return
      for (const user of users ?? [...own]) leave(watcher, own, user)
      if (own.size === 0) byWatcher.delete(watcher)
    },
  }
}

const sightingOf = (user: number, { online, ended }: Sightings): Sighting => {
  const sinceMs = online.get(user)
  if (sinceMs !== undefined) return { kind: 'online', sinceMs }
  return { kind: ended.has(user) ? 'ended' : 'nowhere' }
}

const fieldsOf = (shown: Shown) =>
  shown.isOnline
    ? { online: true, since: new Date(shown.sinceMs).toISOString() }
    : {
        online: false,
        ...(shown.lastSeenMs === undefined ? {} : { lastSeenAt: new Date(shown.lastSeenMs).toISOString() }),
      }
