import { assert } from '@chat/runtime'
import { cutText } from '../texts.ts'
import { type Chat, frameOf, payloadBytesMax, payloads } from './codec.ts'

/** Who tells what this protocol has no message for. */
export const server = 'server'

/** The chats that a text goes out as: more than one when it is too long for one frame, among those that were missed or by itself. */
export const chatsOf = (text: string, around: Omit<Chat, 'msg'>): readonly Chat[] => {
  const emptyBytes = Math.max(...[payloads.chat, alone].map((encode) => encode({ ...around, msg: '' }).length))
  // The lengths before it and before what it is in take a byte more each once it is there.
  const room = payloadBytesMax - emptyBytes - textHeadBytes - 2
  return cutText(text, room, Buffer.byteLength).map((msg) => ({ ...around, msg }))
}

const alone = (chat: Chat): Buffer => payloads.offline([chat])

/** Tag and length of a text that is there. */
const textHeadBytes = 3

export const encodePayload = (payload: Buffer): Buffer => {
  assert(payload.length <= payloadBytesMax, 'a message for a client fits into its frame')
  return frameOf(payload)
}

/** As many in a row as fit into what `encode` makes of them; one that is too long for itself stays alone. */
export const pagesOf = <T>(items: readonly T[], encode: (some: readonly T[]) => Buffer): readonly Buffer[] => {
  const pages: Buffer[] = []
  let some: T[] = []
  for (const item of items) {
    if (some.length > 0 && encode([...some, item]).length > payloadBytesMax) {
      pages.push(encode(some))
      some = []
    }
    some.push(item)
  }
  return some.length === 0 ? pages : [...pages, encode(some)]
}
