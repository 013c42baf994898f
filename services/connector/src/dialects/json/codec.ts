import { shownText } from '../texts.ts'
import type { JsonDialect } from './numbers.ts'

/**
 * Up: one JSON object and one NUL (an LF will do), several in one read or one in several. Down: one JSON object, UTF-8, padded with NULs to exactly
 * 1,024 bytes, because the client takes what one read of 1,024 bytes gives it for one C string with one object.
 */

/** Of one object from a client, bytes. */
export const requestBytesMax = 64 * 1024
/** Of what a client reads at once. */
const frameBytes = 1_024
/** Of the JSON in it: at least one NUL ends it. */
export const jsonBytesMax = frameBytes - 1

export type JsonRequest =
  | { readonly type: 'logIn'; readonly id: number; readonly password: string }
  | { readonly type: 'logOut' }
  | { readonly type: 'register'; readonly name: string; readonly password: string }
  | { readonly type: 'chat'; readonly to: number; readonly text: string }
  | { readonly type: 'addFriend'; readonly friend: number }
  | { readonly type: 'createGroup'; readonly name: string; readonly description: string }
  | { readonly type: 'joinGroup'; readonly group: number }
  | { readonly type: 'groupChat'; readonly group: number; readonly text: string }
  /** A known message with fields that it cannot have. */
  | { readonly type: 'invalid'; readonly of: Exclude<RequestType, 'invalid' | 'unknown'> }
  | { readonly type: 'unknown' }
type RequestType = JsonRequest['type']

/** Cuts what comes at its ends. Returns the objects that are whole; undefined: one is too long. */
export class FrameSplitter {
  private parts: Buffer[] = []
  private partBytes = 0

  /** The beginning of an object is here, its end not yet. */
  get isInside(): boolean {
    return this.partBytes > 0
  }

  take(bytes: Buffer): readonly string[] | undefined {
    const frames: string[] = []
    let from = 0
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] !== 0 && bytes[at] !== lineFeed) continue
      const frame = this.ended(bytes.subarray(from, at))
      if (frame === undefined) return undefined
      if (frame.trim() !== '') frames.push(frame)
      from = at + 1
    }
    this.keep(bytes.subarray(from))
    return this.partBytes > requestBytesMax ? undefined : frames
  }

  private ended(last: Buffer): string | undefined {
    this.keep(last)
    const frame = Buffer.concat(this.parts, this.partBytes)
    this.parts = []
    this.partBytes = 0
    return frame.length > requestBytesMax ? undefined : frame.toString('utf8')
  }

  private keep(part: Buffer): void {
    if (part.length === 0) return
    // A copy: the rest of a large read would be held by a small part of it.
    this.parts.push(Buffer.from(part))
    this.partBytes += part.length
  }
}

const lineFeed = 0x0a

/** Reads one object; undefined: it is none. Who sent it is never read from it: that is the session's. */
export const decodeRequest = ({ numbers, receiver }: JsonDialect, text: string): JsonRequest | undefined => {
  const fields = parseObject(text)
  if (fields === undefined) return undefined
  const [type] = requestTypes.filter((known) => numbers[known] === fields.msgid)
  if (type === undefined) return { type: 'unknown' }
  return requestOf(type, fields, receiver) ?? { type: 'invalid', of: type }
}

const requestTypes = [
  ...(['logIn', 'logOut', 'register', 'chat', 'addFriend', 'createGroup', 'joinGroup', 'groupChat'] as const),
]

type Fields = Readonly<Record<string, unknown>>

const parseObject = (text: string): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
  } catch {
    // No JSON: the answer is the same as for what is no object.
    return undefined
  }
}

const requestOf = (
  type: (typeof requestTypes)[number],
  fields: Fields,
  receiver: JsonDialect['receiver'],
): JsonRequest | undefined => {
  const { id, name, password, groupid, groupname, groupdesc, friendid, msg } = fields
  switch (type) {
    case 'logIn':
      return isId(id) && isText(password) ? { type, id, password } : undefined
    case 'logOut':
      return { type }
    case 'register':
      return isText(name) && isText(password) ? { type, name, password } : undefined
    case 'chat': {
      const to = fields[receiver]
      return isId(to) && isText(msg) ? { type, to, text: shownText(msg) } : undefined
    }
    case 'addFriend':
      return isId(friendid) ? { type, friend: friendid } : undefined
    case 'createGroup':
      return isText(groupname) && isText(groupdesc)
        ? { type, name: groupname, description: shownText(groupdesc) }
        : undefined
    case 'joinGroup':
      return isId(groupid) ? { type, group: groupid } : undefined
    case 'groupChat':
      return isId(groupid) && isText(msg) ? { type, group: groupid, text: shownText(msg) } : undefined
  }
}

/** Whether there is such a user or group is not the codec's business. */
const isId = (value: unknown): value is number => Number.isSafeInteger(value)
const isText = (value: unknown): value is string => typeof value === 'string'

/** A frame for the client. The object must fit: see `jsonBytes`. */
export const encodeFrame = (message: object): Buffer => {
  const frame = Buffer.alloc(frameBytes)
  frame.write(JSON.stringify(message), 0, jsonBytesMax, 'utf8')
  return frame
}

export const jsonBytes = (message: unknown): number => Buffer.byteLength(JSON.stringify(message))
/** What a text adds to the JSON of an object that has it. */
export const textBytes = (text: string): number => jsonBytes(text) - 2
