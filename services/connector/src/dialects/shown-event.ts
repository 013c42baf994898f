import { parseConversation } from '@chat/schemas'
import type { InboxEvent } from './inbox.ts'
import { named, shownText, textOfBody } from './texts.ts'

/** What a client of an older protocol is shown of an event. */
export type ShownEvent =
  | {
      readonly kind: 'message'
      readonly from: number
      /** undefined: direct. */
      readonly group: number | undefined
      readonly text: string
      /** What `text` was made of. */
      readonly body: unknown
      readonly isEdited: boolean
    }
  /** There is no message for it: told in words. */
  | { readonly kind: 'told'; readonly text: string }

/** undefined: nothing. What was missed of friends and groups the login says. */
export const shownEvent = async (
  { event, isMissed }: InboxEvent,
  self: number,
  nameOf: (id: number) => Promise<string>,
): Promise<ShownEvent | undefined> => {
  const { type, actor, data } = event
  switch (type) {
    case 'messagePosted':
    case 'messageEdited':
      return messageOf(event, self)
    default: {
      if (isMissed) return undefined
      const text = await toldOf(
        type,
        { self, actor, user: Number(data.user), group: groupOf(event.conversation) },
        data,
        nameOf,
      )
      return text === undefined ? undefined : { kind: 'told', text }
    }
  }
}

const messageOf = ({ type, actor, conversation, data }: InboxEvent['event'], self: number): ShownEvent | undefined => {
  if (actor === self || data.deleted === true) return undefined
  const text = textOfMessage({ type, data })
  return {
    kind: 'message',
    from: actor,
    group: groupOf(conversation),
    text,
    body: data.body,
    isEdited: isEdited({ type, data }),
  }
}

/** Of an event that is a message, or an edit of one. */
export const textOfMessage = ({ type, data }: Pick<InboxEvent['event'], 'type' | 'data'>): string => {
  return `${isEdited({ type, data }) ? '(edited) ' : ''}${textOfBody(data.body)}`
}

const isEdited = ({ type, data }: Pick<InboxEvent['event'], 'type' | 'data'>): boolean =>
  type === 'messageEdited' || data.editedSeq !== undefined

interface About {
  readonly self: number
  readonly actor: number
  readonly user: number
  readonly group: number | undefined
}

const toldOf = async (
  type: string,
  { self, actor, user, group }: About,
  data: Readonly<Record<string, unknown>>,
  nameOf: (id: number) => Promise<string>,
): Promise<string | undefined> => {
  const other = actor === self ? user : actor
  const otherNamed = async () => named(other, await nameOf(other))
  switch (type) {
    case 'friendRequested':
      return actor === self
        ? `${await otherNamed()} was asked to be your friend`
        : friendRequestText(other, await nameOf(other))
    case 'friendAccepted':
      return `${await otherNamed()} is your friend now`
    case 'groupCreated':
      return actor === self ? undefined : `you are in group ${shownText(String(data.title))}: id ${group}`
    case 'memberJoined':
      return user === self ? `you are in group ${group}` : undefined
    case 'joinRequested':
      return user === self ? `you asked to join group ${group}` : undefined
    case 'memberInvited':
      return user === self ? `you are invited to group ${group}: join it to accept` : undefined
    case 'memberRemoved':
    case 'memberBanned':
      return user === self ? `you were removed from group ${group}` : undefined
    case 'groupClosed':
      return `group ${group} was closed`
    default:
      return undefined
  }
}

export const friendRequestText = (id: number, name: string): string =>
  `${named(id, name)} asks to be your friend: add ${id} to accept`

const groupOf = (conversation: string): number | undefined => {
  const id = parseConversation(conversation)
  return id?.kind === 'group' ? Number(conversation.slice(1)) : undefined
}
