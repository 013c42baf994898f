import type { ClientEvent } from '@chat/schemas'

/** An event on its way to sockets: one object and one buffer for all of them. */
export interface PushedEvent {
  readonly conversation: string
  readonly seq: number
  /** Where it is in the event log. */
  readonly partition: number
  readonly pos: number
  /** The `event` frame, UTF-8 JSON. */
  readonly frame: Buffer
}

/** The one text of an event, whoever pushes it. */
export const encodeEventFrame = (event: ClientEvent): Buffer => Buffer.from(JSON.stringify({ op: 'event', ...event }))
