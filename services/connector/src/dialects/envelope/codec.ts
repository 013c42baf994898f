import type { Envelope } from '../envelope-splitter.ts'
import { readProto } from '../proto-file.ts'
import { shownText } from '../texts.ts'

/**
 * Up: `{type, request_msg}` and one NUL (envelope-splitter.ts). Down: `{type, response_msg}`, padded with NULs to exactly 1,024 bytes, because the client
 * takes what one read of 1,024 bytes gives it for one C string with one message: no zero byte is in it, so no field that is empty.
 */

/** Of what a client reads at once. */
const frameBytes = 1_024
/** Of the message in it: at least one NUL ends it. */
export const payloadBytesMax = frameBytes - 1

const type = readProto(new URL('envelope.proto', import.meta.url))

export interface Chat {
  readonly sendName: string
  readonly recvName: string
  readonly msg: string
  readonly time: string
}

const response = type<{ readonly type: string; readonly response_msg: Buffer }>('Response')
const credentials = type<{ readonly name: string; readonly password: string }>('Credentials')
const outcome = type<{ readonly is_success: boolean; readonly message: string }>('Outcome')
const userNames = type<{ readonly is_success: boolean; readonly userNames: readonly string[] }>('UserNames')
const chat = type<Chat>('Chat')
const offline = type<{ readonly is_success: boolean; readonly messages: readonly Chat[] }>('Offline')

export type EnvelopeRequest =
  | { readonly type: 'Login' | 'Register'; readonly name: string; readonly password: string }
  | { readonly type: 'Logout' }
  | { readonly type: 'getUserInfo' }
  | { readonly type: 'chatMessage'; readonly to: string; readonly text: string }
  /** A known type around something else. */
  | { readonly type: 'invalid'; readonly of: 'Login' | 'Register' | 'chatMessage' }
  | { readonly type: 'unknown' }

/** Who sent it is never read from it: that is the session's. */
export const decodeRequest = ({ type, request }: Envelope): EnvelopeRequest => {
  switch (type) {
    case 'Login':
    case 'Register': {
      const fields = credentials.decode(request)
      return fields === undefined
        ? { type: 'invalid', of: type }
        : { type, name: fields.name, password: fields.password }
    }
    case 'Logout':
    case 'getUserInfo':
      return { type }
    case 'chatMessage': {
      const fields = chat.decode(request)
      return fields === undefined
        ? { type: 'invalid', of: type }
        : { type, to: fields.recvName, text: shownText(fields.msg) }
    }
    default:
      return { type: 'unknown' }
  }
}

/** Messages of this dialect, as their payloads: what stands before the padding. */
export const payloads = {
  outcome: (type: 'Login' | 'Register' | 'Logout' | 'SendChatMessage', is_success: boolean, message: string): Buffer =>
    response.encode({ type, response_msg: outcome.encode({ is_success, message }) }),
  noUserNames: (): Buffer => response.encode({ type: 'GetUserInfo' }),
  userNames: (names: readonly string[]): Buffer =>
    response.encode({ type: 'GetUserInfo', response_msg: userNames.encode({ is_success: true, userNames: names }) }),
  chat: (fields: Chat): Buffer => response.encode({ type: 'RecvChatMessage', response_msg: chat.encode(fields) }),
  offline: (messages: readonly Chat[]): Buffer =>
    response.encode({ type: 'ReadOffline', response_msg: offline.encode({ is_success: true, messages }) }),
  serverStops: (): Buffer => response.encode({ type: 'LogOut', response_msg: Buffer.from('server crash') }),
}

/** A frame for the client. The payload must fit. */
export const frameOf = (payload: Buffer): Buffer => {
  const frame = Buffer.alloc(frameBytes)
  payload.copy(frame)
  return frame
}
