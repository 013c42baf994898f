import type { ClientEventType } from '../protocol/events.ts'
import type { LogEvent } from './generated/types.ts'

/** An event as clients see it (PROTOCOL: the `event` push without its op). `at` is RFC 3339 UTC with milliseconds. */
export interface ClientEvent {
  readonly conversation: string
  readonly seq: number
  readonly type: string
  readonly actor: number
  readonly at: string
  readonly data: Readonly<Record<string, unknown>>
}

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')

/** What clients see of an event; undefined: nothing (accounts, refusals, the log's own). The one mapping for pushes and read models. */
export const toClientEvent = (event: LogEvent): ClientEvent | undefined => {
  switch (event.type) {
    case 'MessagePosted':
      return visible(event, 'messagePosted', {
        clientMsgId: event.clientMsgId,
        body: JSON.parse(textOf(event.body)),
        ...(event.replyTo === null ? {} : { replyTo: event.replyTo }),
      })
    case 'GroupCreated':
      return visible(event, 'groupCreated', {
        ...(event.name === null ? {} : { name: event.name }),
        title: textOf(event.title),
        description: textOf(event.description),
        visibility: event.visibility,
        joinPolicy: event.joinPolicy,
        history: event.history,
        members: event.members,
      })
    case 'MemberJoined':
      return visible(event, 'memberJoined', { user: event.user })
    case 'MemberLeft':
      return visible(event, 'memberLeft', { user: event.user })
    case 'UserRegistered':
    case 'CommandsRejected':
    case 'LogOpened':
      return undefined
  }
}

const visible = (
  event: { readonly conversation: string; readonly seq: number; readonly actor: number; readonly at: number },
  type: ClientEventType,
  data: Readonly<Record<string, unknown>>,
): ClientEvent => ({
  conversation: event.conversation,
  seq: event.seq,
  type,
  actor: event.actor,
  at: new Date(event.at).toISOString(),
  data,
})
