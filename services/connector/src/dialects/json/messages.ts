import { assert } from '@chat/runtime'
import { cutText } from '../texts.ts'
import { encodeFrame, jsonBytes, jsonBytesMax, textBytes } from './codec.ts'
import type { JsonDialect } from './numbers.ts'

/** A text for the client: from whom, where, and when; by the numbers that it knows. */
export interface ChatText {
  readonly from: { readonly id: number; readonly name: string }
  /** undefined: direct. */
  readonly group: number | undefined
  readonly text: string
  /** As these clients show it. */
  readonly time: string
}

/** The objects that a text goes out as: more than one when it is too long for one frame. */
export const chatMessages = (dialect: JsonDialect, to: number, chat: ChatText): readonly object[] => {
  const { from, group, text, time } = chat
  const { id, name } = from
  const messageOf = (msg: string) =>
    group === undefined
      ? { msgid: dialect.numbers.chat, id, name, [dialect.receiver]: to, msg, time }
      : { msgid: dialect.numbers.groupChat, id, name, groupid: group, msg, time }
  return cutText(text, jsonBytesMax - jsonBytes(messageOf('')), textBytes).map(messageOf)
}

/** Who tells what these protocols have no message for. */
export const server = { id: 0, name: 'server' } as const

/** How long a text of `server` may be that goes out as one frame, bytes. */
export const serverTextBytesMax = 800

export const encodeMessage = (message: object): Buffer => {
  assert(jsonBytes(message) <= jsonBytesMax, 'a message for a client fits into its frame')
  return encodeFrame(message)
}
