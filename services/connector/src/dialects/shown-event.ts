import { parseConversation } from '@chat/schemas'
import { groupIdOf } from './account-view.ts'
import type { InboxEvent } from './inbox.ts'
import type { Stay } from './stay.ts'
import { named, shownText, textOfBody } from './texts.ts'

/** What users and groups are called. */
type Called = Pick<Stay, 'nameOf' | 'numberOf'>

/** What a client of an older protocol is shown of an event. */
export type ShownEvent =
  | {
      readonly kind: 'message'
      /** An id. */
      readonly from: number
      /** An id; undefined: direct. */
      readonly group: number | undefined
      readonly text: string
      /** What `text` was made of. */
      readonly body: unknown
      readonly isEdited: boolean
    }
  /** There is no message for it: told in words. */
  | { readonly kind: 'told'; readonly text: string }

/** undefined: nothing. What was missed of friends and groups the login says. Throws what `called` throws. */
export const shownEvent = async (
  { event, isMissed }: InboxEvent,
  self: number,
  called: Called,
): Promise<ShownEvent | undefined> => {
  switch (event.type) {
    case 'messagePosted':
    case 'messageEdited':
      return messageOf(event, self)
    default: {
      if (isMissed) return undefined
      const text = await toldOf(event, self, called)
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

const toldOf = async (
  { type, actor, conversation, data }: InboxEvent['event'],
  self: number,
  { nameOf, numberOf }: Called,
): Promise<string | undefined> => {
  const user = Number(data.user)
  const other = actor === self ? user : actor
  const otherNumber = () => numberOf('user', other)
  const otherNamed = async () => named(await otherNumber(), await nameOf(other))
  const groupNumber = () => numberOf('group', groupIdOf(conversation))
  switch (type) {
    case 'friendRequested':
      return actor === self
        ? `${await otherNamed()} was asked to be your friend`
        : friendRequestText(await otherNumber(), await nameOf(other))
    case 'friendAccepted':
      return `${await otherNamed()} is your friend now`
    case 'groupCreated':
      return actor === self ? undefined : `you are in group ${shownText(String(data.title))}: id ${await groupNumber()}`
    case 'memberJoined':
      return user === self ? `you are in group ${await groupNumber()}` : undefined
    case 'joinRequested':
      return user === self ? `you asked to join group ${await groupNumber()}` : undefined
    case 'memberInvited':
      return user === self ? `you are invited to group ${await groupNumber()}: join it to accept` : undefined
    case 'memberRemoved':
    case 'memberBanned':
      return user === self ? `you were removed from group ${await groupNumber()}` : undefined
    case 'groupClosed':
      return `group ${await groupNumber()} was closed`
    default:
      return undefined
  }
}

export const friendRequestText = (number: number, name: string): string =>
  `${named(number, name)} asks to be your friend: add ${number} to accept`

const groupOf = (conversation: string): number | undefined => {
  const id = parseConversation(conversation)
  return id?.kind === 'group' ? groupIdOf(conversation) : undefined
}
