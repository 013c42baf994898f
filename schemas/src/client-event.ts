import type { ClientEventType, PlacelessEventType } from '../protocol/events.ts'
import type { LogEvent } from './generated/event-types.ts'

interface Told {
  readonly type: string
  readonly actor: number
  /** RFC 3339 UTC with milliseconds. */
  readonly at: string
  readonly data: Readonly<Record<string, unknown>>
}

/** An event of a conversation as clients see it (PROTOCOL: the `event` push without its op): in pushes, `history` and `sync` alike. */
export interface ClientEvent extends Told {
  readonly conversation: string
  readonly seq: number
}

/**
 * An event without a place in a conversation, because not every member may see it. It is pushed to whom it concerns and then is over:
 * it is in no `history` or `sync`, and what it changed is in the lists.
 */
export interface PlacelessEvent extends Told {
  /** Where there is one. */
  readonly conversation?: string
}

export const hasPlace = (event: ClientEvent | PlacelessEvent): event is ClientEvent => 'seq' in event

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')

/** What clients see of an event; undefined: nothing (accounts, refusals, the log's own). The one mapping for pushes and read models. */
export const toClientEvent = (event: LogEvent): ClientEvent | PlacelessEvent | undefined => {
  switch (event.type) {
    case 'MessagePosted':
      return visible(event, 'messagePosted', {
        clientMsgId: event.clientMsgId,
        body: JSON.parse(textOf(event.body)),
        ...(event.replyTo === null ? {} : { replyTo: event.replyTo }),
        ...mentionsOf(event),
      })
    case 'MessageEdited':
      return visible(event, 'messageEdited', {
        seq: event.message,
        body: JSON.parse(textOf(event.body)),
        ...mentionsOf(event),
      })
    case 'MessageDeleted':
      return visible(event, 'messageDeleted', { seq: event.message })
    case 'ReactionAdded':
      return visible(event, 'reactionAdded', { seq: event.message, emoji: event.emoji })
    case 'ReactionRemoved':
      return visible(event, 'reactionRemoved', { seq: event.message, emoji: event.emoji })
    case 'MessagePinned':
      return visible(event, 'messagePinned', { seq: event.message })
    case 'MessageUnpinned':
      return visible(event, 'messageUnpinned', { seq: event.message })
    case 'GroupCreated':
      return visible(event, 'groupCreated', {
        ...(event.name === null ? {} : { name: event.name }),
        title: textOf(event.title),
        description: textOf(event.description),
        visibility: event.visibility,
        joinPolicy: event.joinPolicy,
        history: event.history,
        members: event.members,
        ...(event.membership === 'online' ? { membership: event.membership } : {}),
      })
    case 'GroupChanged':
      return visible(event, 'groupChanged', {
        ...(event.title === null ? {} : { title: textOf(event.title) }),
        ...(event.description === null ? {} : { description: textOf(event.description) }),
        ...(event.joinPolicy === null ? {} : { joinPolicy: event.joinPolicy }),
        ...(event.history === null ? {} : { history: event.history }),
        ...(event.posting === null ? {} : { posting: event.posting }),
      })
    case 'GroupClosed':
      return visible(event, 'groupClosed', {})
    case 'MemberMuted':
      return visible(event, 'memberMuted', { user: event.user, untilMs: event.untilMs })
    case 'RoleChanged':
      return visible(event, 'roleChanged', { user: event.user, role: event.role })
    case 'MemberInvited':
    case 'JoinRequested':
    case 'JoinRefused':
    case 'MemberJoined':
    case 'MemberLeft':
    case 'MemberRemoved':
    case 'MemberBanned':
    case 'MemberUnbanned':
      return visible(event, lowerFirst(event.type), { user: event.user })
    case 'FriendRequested':
      return visible(event, 'friendRequested', {
        user: event.user,
        ...(event.note.length === 0 ? {} : { note: textOf(event.note) }),
      })
    case 'FriendWithdrawn':
      return visible(event, 'friendWithdrawn', { user: event.user })
    case 'FriendAccepted':
      return visible(event, 'friendAccepted', { user: event.user })
    case 'FriendDeclined':
      return visible(event, 'friendDeclined', { user: event.user })
    case 'FriendRemoved':
      return visible(event, 'friendRemoved', { user: event.user })
    case 'ProfileChanged':
      return placeless(event, 'profileChanged', {
        ...(event.displayName === null ? {} : { displayName: textOf(event.displayName) }),
        ...(event.about === null ? {} : { about: textOf(event.about) }),
      })
    case 'MessageReported':
      return placeless(event, 'messageReported', { seq: event.message, reason: textOf(event.reason) })
    case 'UserBlocked':
      return placeless(event, 'userBlocked', { user: event.user })
    case 'UserUnblocked':
      return placeless(event, 'userUnblocked', { user: event.user })
    case 'UserRegistered':
    case 'UserSuspended':
    case 'UserReinstated':
    case 'OperatorGranted':
    case 'OperatorRevoked':
    case 'UserImported':
    case 'GroupImported':
    case 'NoticeBroadcast':
    case 'ReportResolved':
    case 'CommandsRebased':
    case 'CommandsRejected':
    case 'LogOpened':
      return undefined
  }
}

const mentionsOf = ({ mentions }: { readonly mentions: readonly number[] }) =>
  mentions.length === 0 ? {} : { mentions }

const lowerFirst = <T extends string>(type: T) => (type.charAt(0).toLowerCase() + type.slice(1)) as Uncapitalize<T>

const visible = (
  event: { readonly conversation: string; readonly seq: number; readonly actor: number; readonly at: number },
  type: ClientEventType,
  data: Readonly<Record<string, unknown>>,
): ClientEvent => ({ conversation: event.conversation, seq: event.seq, ...told(event, type, data) })

const placeless = (
  event: { readonly conversation?: string; readonly actor: number; readonly at: number },
  type: PlacelessEventType,
  data: Readonly<Record<string, unknown>>,
): PlacelessEvent => ({
  ...(event.conversation === undefined ? {} : { conversation: event.conversation }),
  ...told(event, type, data),
})

const told = (
  event: { readonly actor: number; readonly at: number },
  type: string,
  data: Readonly<Record<string, unknown>>,
): Told => ({ type, actor: event.actor, at: new Date(event.at).toISOString(), data })
