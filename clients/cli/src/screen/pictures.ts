import type { Client, Conversation } from '@chat/sdk'
import { presenceLine } from '../commands/people.ts'
import type { Names } from '../names.ts'
import { usersIn } from '../text/describe.ts'
import { safeLine } from '../text/safe-text.ts'
import { newestFirst } from './entries.ts'
import type { Listed, ScreenModel } from './layout.ts'
import type { Onlookers } from './onlookers.ts'
import type { ScreenState } from './screen-state.ts'

/** What the client knows, as the screen shows it. */
export interface Pictures {
  model(state: ScreenState): ScreenModel
  listed(): readonly Listed[]
  /** Whose names are needed and not known yet. */
  unknownUsers(state: ScreenState): readonly number[]
  /** Messages that are not in the log yet. */
  unsent(): number
  /** What is open is read. */
  markRead(state: ScreenState): void
  /** Takes the messages of the open conversation away that were refused. */
  discard(state: ScreenState): void
}

interface Sources {
  readonly client: Client
  readonly names: Names
  readonly onlookers: Onlookers
  readonly url: string
  readonly nowMs: () => number
}

/** Events looked through for names that are not known: as many as a screen may show. */
const nameEventsMax = 300
/** Look-ups of one picture. */
const lookUpsMax = 50

const hint = 'Tab or /open NAME: a conversation · /help · /quit'

export const createPictures = ({ client, names, onlookers, url, nowMs }: Sources): Pictures => {
  /** Up to where each was said to be read: once is enough. */
  const marked = new Map<string, number>()
  const titleOf = (conversation: Conversation): string => {
    if (conversation.title !== undefined) return safeLine(conversation.title)
    const other = otherOf(conversation, client)
    return other === undefined ? conversation.id : names.of(other)
  }
  const shown = () => client.conversations().filter(({ isLeft }) => !isLeft)
  const listed = (): readonly Listed[] =>
    shown().map((conversation) => {
      const { id, kind, unread } = conversation
      const other = otherOf(conversation, client)
      const online = other === undefined ? undefined : onlookers.presence(other)?.online
      return { id, kind, unread, online, title: titleOf(conversation) }
    })
  const header = (conversation: Conversation): string => {
    const other = otherOf(conversation, client)
    const writing = onlookers.typing(conversation.id).map(names.of)
    const presence = other === undefined ? undefined : onlookers.presence(other)
    const parts = [
      titleOf(conversation),
      conversation.id,
      conversation.isLeft ? 'you are no member any more' : '',
      presence === undefined ? '' : presenceLine(presence, nowMs()),
      writing.length === 0 ? '' : `${writing.join(', ')} ${writing.length === 1 ? 'is' : 'are'} typing`,
    ]
    return parts.filter((part) => part !== '').join(' · ')
  }
  const footer = (): string => {
    const { state, user } = client
    const status = state.status === 'offline' ? `offline (${state.reason}), trying again` : state.status
    return [safeLine(user?.name ?? ''), url, status].join(' · ')
  }
  return {
    listed,
    model: (state) => {
      const conversation = state.open === undefined ? undefined : client.conversation(state.open)
      // The open one first: it may have no message yet, and stand in no list.
      const watched = conversation === undefined ? shown() : [conversation, ...shown()]
      onlookers.watch(watched.flatMap((one) => otherOf(one, client) ?? []))
      return {
        state,
        conversations: listed(),
        header: conversation === undefined ? hint : header(conversation),
        newestFirst: conversation === undefined ? [] : newestFirst(conversation, names),
        footer: footer(),
      }
    },
    unknownUsers: ({ open }) => {
      if (client.state.status !== 'connected') return []
      const events = open === undefined ? [] : client.conversation(open).events.slice(-nameEventsMax)
      const shownNow = open === undefined ? shown() : [client.conversation(open), ...shown()]
      const others = shownNow.flatMap((one) => (one.title === undefined ? (otherOf(one, client) ?? []) : []))
      const users = [...events.flatMap(usersIn), ...others, ...(open === undefined ? [] : onlookers.typing(open))]
      return [...new Set(users)].filter((user) => !names.has(user)).slice(0, lookUpsMax)
    },
    unsent: () =>
      client
        .conversations()
        .flatMap(({ messages }) => messages)
        .filter(({ state }) => state === 'sending').length,
    markRead: ({ open }) => {
      if (open === undefined || client.state.status !== 'connected') return
      const conversation = client.conversation(open)
      const seq = conversation.events.at(-1)?.seq ?? 0
      if (conversation.unread === 0 || marked.get(open) === seq) return
      marked.set(open, seq)
      conversation.read().catch(() => marked.delete(open)) // It stays unread, and is tried again with the next change.
    },
    discard: ({ open }) => {
      if (open === undefined) return
      const conversation = client.conversation(open)
      for (const message of conversation.messages)
        if (message.state === 'failed') conversation.discard(message.clientMsgId)
    },
  }
}

/** The other person of a direct conversation; oneself in the one with oneself. */
const otherOf = ({ id, kind }: Conversation, { user }: Client): number | undefined => {
  if (kind !== 'direct') return undefined
  const [low = 0, high = 0] = id.slice(1).split('.').map(Number)
  return low === user?.id ? high : low
}
