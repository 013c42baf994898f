import type { Client, Clock } from '@chat/sdk'
import type { PresenceOf } from '../command.ts'
import { exitOf } from '../shell/live.ts'

/** What is true now and nowhere stored: who is there, who types. */
export interface Onlookers {
  /** undefined: it is not known. */
  presence(user: number): PresenceOf | undefined
  /** Sees to it that these are watched, the first 500. */
  watch(users: readonly number[]): void
  /** Asks once. Throws Exit. */
  ask(users: readonly number[]): Promise<readonly PresenceOf[]>
  typing(conversation: string): readonly number[]
  /** The person types: told to the others every 3 s. */
  type(conversation: string): void
  onChange(listener: () => void): () => void
  stop(): void
}

/** The most that one connection may watch. */
const watchedMax = 500
/** The server forgets who types after 6 s. */
const typingEveryMs = 3_000

export const createOnlookers = (client: Client, clock: Clock): Onlookers => {
  const known = new Map<number, PresenceOf>()
  const watched = new Set<number>()
  const typing = new Map<string, Set<number>>()
  const listeners = new Set<() => void>()
  const typedAt = new Map<string, number>()
  const changed = () => {
    for (const listener of listeners) listener()
  }
  const ask = async (users: readonly number[]) => {
    try {
      const found = (await client.request('presence.watch', { users })).users
      for (const presence of found) known.set(presence.id, presence)
      return found
    } catch (error) {
      throw exitOf(error)
    }
  }
  const offs = [
    client.on('presence', ({ user, online, since, lastSeenAt }) => {
      known.set(user, { id: user, online, ...(since && { since }), ...(lastSeenAt && { lastSeenAt }) })
      changed()
    }),
    client.on('typing', ({ conversation, user, isTyping }) => {
      const users = typing.get(conversation) ?? new Set()
      if (isTyping) users.add(user)
      else users.delete(user)
      typing.set(conversation, users)
      changed()
    }),
    client.on('message', ({ conversation, actor }) => {
      if (typing.get(conversation)?.delete(actor)) changed()
    }),
    client.on('state', ({ status }) => {
      if (status === 'connected') return
      // A new connection watches nobody, and what was known may be wrong by then.
      for (const all of [watched, known, typing]) all.clear()
      changed()
    }),
  ]
  return {
    ask,
    presence: (user) => known.get(user),
    watch: (users) => {
      if (client.state.status !== 'connected') return
      const added = [...new Set(users)].filter((user) => !watched.has(user)).slice(0, watchedMax - watched.size)
      if (added.length === 0) return
      for (const user of added) watched.add(user)
      ask(added).then(changed, () => {
        for (const user of added) watched.delete(user) // Asked again with the next picture that needs them.
      })
    },
    typing: (conversation) => [...(typing.get(conversation) ?? [])],
    type: (conversation) => {
      if (client.state.status !== 'connected' || clock.now() - (typedAt.get(conversation) ?? 0) < typingEveryMs) return
      typedAt.clear()
      typedAt.set(conversation, clock.now())
      client.request('typing', { conversation, isTyping: true }).catch(() => {}) // A courtesy, no more.
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop: () => {
      for (const off of offs) off()
    },
  }
}
