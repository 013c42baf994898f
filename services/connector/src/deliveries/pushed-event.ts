import type { ClientEvent, PlacelessEvent } from '@chat/schemas'

/** An event on its way to sockets: one object and one buffer for all of them. */
export interface PushedEvent {
  /** Its place in a conversation; undefined: it has none, and no sync gives it. */
  readonly place: { readonly conversation: string; readonly seq: number } | undefined
  /** Where it is in the event log. */
  readonly partition: number
  readonly pos: number
  /** The `event` frame, UTF-8 JSON. */
  readonly frame: Buffer
}

/** The one text of an event, whoever pushes it. */
export const encodeEventFrame = (event: ClientEvent | PlacelessEvent): Buffer =>
  Buffer.from(JSON.stringify({ op: 'event', ...event }))

/** A `notice`: something that is told to people, or announced to programs. */
export const encodeNotice = (code: string, message: string): Buffer =>
  Buffer.from(JSON.stringify({ op: 'notice', code, message }))
