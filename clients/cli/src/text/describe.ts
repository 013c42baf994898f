import type { ChatEvent, MessageBody } from '@chat/sdk'
import type { Names } from '../names.ts'
import { localMinute } from './moments.ts'
import { safeLine, safeText } from './safe-text.ts'
import type { Style } from './style.ts'

/** Events as people read them. All of it is safe for a terminal. */

/** The users whom the text of an event names. */
export const usersIn = ({ actor, data }: ChatEvent): readonly number[] => {
  const { user, members } = data as { readonly user?: unknown; readonly members?: unknown }
  return [actor, user, ...(Array.isArray(members) ? members : [])].filter((id) => typeof id === 'number')
}

export const bodyText = (body: MessageBody | undefined): string => {
  if (body === undefined) return '(deleted)'
  return body.kind === 'text' ? safeText(body.text) : `(${safeLine(String(body.type ?? body.kind))})`
}

/** `bob joined`; undefined: nothing that people need to be told beside the messages themselves. */
export const happening = (event: ChatEvent, names: Names): string | undefined => {
  const actor = names.of(event.actor)
  const { user, title, role, untilMs } = event.data as {
    readonly user?: number
    readonly title?: string
    readonly role?: string
    readonly untilMs?: number
  }
  const other = user === undefined ? '' : names.of(user)
  const about: Readonly<Record<string, () => string>> = {
    friendAccepted: () => `${actor} and ${other} are friends`,
    friendDeclined: () => `${actor} declined to be a friend`,
    friendRemoved: () => `${actor} ended the friendship`,
    friendRequested: () => `${actor} asks ${other} to be friends`,
    friendWithdrawn: () => `${actor} took the request back`,
    groupCreated: () => `${actor} created ${safeLine(String(title))}`,
    groupChanged: () => `${actor} changed the group`,
    groupClosed: () => `${actor} closed the group`,
    memberInvited: () => `${actor} invited ${other}`,
    joinRequested: () => `${other} asks to join`,
    joinRefused: () => `${actor} refused ${other}`,
    memberRemoved: () => `${actor} removed ${other}`,
    memberBanned: () => `${actor} banned ${other}`,
    memberUnbanned: () => `${actor} lifted the ban of ${other}`,
    memberMuted: () => `${actor} muted ${other} until ${localMinute(untilMs ?? 0)}`,
    roleChanged: () => `${other} is ${safeLine(String(role))} now`,
    memberJoined: () => `${other} joined`,
    memberLeft: () => `${other} left`,
    messagePinned: () => `${actor} pinned a message`,
  }
  return Object.hasOwn(about, event.type) ? about[event.type]?.() : undefined
}

/** One event as a line of a terminal, further lines of its text indented; undefined: there is nothing to tell. */
export const eventLine = (event: ChatEvent, names: Names, style: Style): string | undefined => {
  const time = style.dim(localMinute(event.at))
  const place = style.dim(`${safeLine(event.conversation)}/${event.seq}`)
  if (event.type !== 'messagePosted') {
    const text = happening(event, names)
    return text === undefined ? undefined : `${time} ${place} ${style.dim(`* ${text}`)}`
  }
  const { body, editedSeq } = event.data as { readonly body?: MessageBody; readonly editedSeq?: number }
  const [first = '', ...rest] = bodyText(body).split('\n')
  const mark = editedSeq === undefined ? '' : style.dim(' (edited)')
  const lines = [`${time} ${place} ${style.bold(`${names.of(event.actor)}:`)} ${first}`, ...rest.map(indented)]
  return `${lines.join('\n')}${mark}`
}

const indented = (line: string): string => `    ${line}`
