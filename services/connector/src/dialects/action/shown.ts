import { type ClientEvent, parseConversation } from '@chat/schemas'
import { shownEvent, textOfMessage } from '../shown-event.ts'
import type { Stay } from '../stay.ts'
import type { ChatData } from './codec.ts'

interface About extends Pick<Stay, 'nameOf' | 'numberOf'> {
  readonly self: number
  readonly roomNameOf: (conversation: string) => Promise<string>
}

/**
 * A message as these clients are pushed it; undefined: the event is none that they show. In a room they show what they sent when it comes back;
 * in a direct chat they have shown it already.
 */
export const chatOf = async (event: ClientEvent, about: About): Promise<ChatData | undefined> => {
  const { type, actor, conversation, data, at } = event
  const isMessage = type === 'messagePosted' || type === 'messageEdited'
  const isRoom = isGroup(conversation)
  if (!isMessage || data.deleted === true || (actor === about.self && !isRoom)) return undefined
  const roomName = isRoom ? await about.roomNameOf(conversation) : ''
  const from = await about.nameOf(actor)
  return { from, roomName, message: textOfMessage(event), ts: Date.parse(at), format: 'text' }
}

/** What else happened, in words; of rooms by their names, because these clients have no ids. */
export const toldOf = async (event: ClientEvent, about: About): Promise<string | undefined> => {
  const { type, conversation, data } = event
  if (!isGroup(conversation)) {
    const shown = await shownEvent({ event, isMissed: false }, about.self, about)
    return shown?.kind === 'told' ? shown.text : undefined
  }
  const isSelf = Number(data.user) === about.self
  const room = () => about.roomNameOf(conversation)
  switch (type) {
    case 'memberInvited':
      return isSelf ? `you are invited to room ${await room()}: join it to accept` : undefined
    case 'memberRemoved':
    case 'memberBanned':
      return isSelf ? `you were removed from room ${await room()}` : undefined
    case 'groupClosed':
      return `room ${await room()} was closed`
    default:
      return undefined
  }
}

const isGroup = (conversation: string): boolean => parseConversation(conversation)?.kind === 'group'
