import { shownText } from '../texts.ts'

/**
 * One JSON object a text frame, both ways: `{"id":<number>,"action":<text>,"data":{…}}`. Of what a client sends only `action` and `data` count; an answer
 * has an id of its own. Who sent something is never read from it: that is the session's.
 */

export type ActionRequest =
  | { readonly type: 'logIn'; readonly name: string; readonly password: string | undefined }
  | { readonly type: 'chat'; readonly to: string; readonly text: string }
  | { readonly type: 'roomChat'; readonly room: string; readonly text: string }
  | { readonly type: 'userInfo'; readonly name: string }
  | { readonly type: 'joinRoom'; readonly room: string }
  | { readonly type: 'popular'; readonly n: number }
  /** A known action with data that it cannot have, no object, or an action that clients do not have. */
  | { readonly type: 'invalid'; readonly why: string }

/** What a client is sent. `ts` and `loginTime`: ms since the epoch. */
export type ActionReply =
  | { readonly action: 'login'; readonly data: { readonly username: string; readonly sessionId: number } }
  | { readonly action: 'chat'; readonly data: ChatData }
  | { readonly action: 'userInfo'; readonly data: UserInfoData }
  | { readonly action: 'popular'; readonly data: { readonly words: readonly string[] } }
  | { readonly action: 'error'; readonly data: { readonly code: number; readonly message: string; readonly ext: '' } }

/** The stock client reads the length of `roomName`: it is '' where there is no room, never absent. */
export interface ChatData {
  readonly from: string
  readonly roomName: string
  readonly message: string
  readonly ts: number
  readonly format: 'text'
}

interface UserInfoData {
  readonly username: string
  readonly loginTime: number
  readonly nodeId: string
}

export const encodeReply = (id: number, { action, data }: ActionReply): string => JSON.stringify({ id, action, data })

/** `word`, `count`, one after the other, all of them texts. */
export const flatWords = (words: readonly { readonly word: string; readonly count: number }[]): readonly string[] =>
  words.flatMap(({ word, count }) => [word, String(count)])

export const decodeRequest = (text: string): ActionRequest => {
  const frame = parseObject(text)
  if (frame === undefined) return invalid('a frame is one JSON object')
  const data = frame.data ?? {}
  if (!isObject(data)) return invalid('data is an object')
  // Servers of the old cluster spoke to each other by these connections; a client that does is not understood.
  if ('sourceNode' in frame || 'sourceNode' in data) return invalid('unknown action')
  return requestOf(frame.action, data)
}

type Fields = Readonly<Record<string, unknown>>

const requestOf = (action: unknown, data: Fields): ActionRequest => {
  const { username, password, roomName } = data
  switch (action) {
    case 'login':
      if (!isText(username) || !(isAbsent(password) || isText(password))) return invalid('login needs a username')
      return { type: 'logIn', name: username, password: isAbsent(password) ? undefined : password }
    case 'chat':
      return chatOf(data)
    case 'userInfo':
      return isText(username) ? { type: 'userInfo', name: username } : invalid('userInfo needs a username')
    case 'joinRoom':
      return isText(roomName) ? { type: 'joinRoom', room: roomName } : invalid('joinRoom needs a roomName')
    case 'popular':
      return popularOf(data.n)
    default:
      return invalid('unknown action')
  }
}

const chatOf = ({ to, roomName, isGroup, message }: Fields): ActionRequest => {
  if (!isText(message)) return invalid('chat needs a message')
  const text = shownText(message)
  if (isGroup !== true && isText(to)) return { type: 'chat', to, text }
  return isText(roomName) ? { type: 'roomChat', room: roomName, text } : invalid('chat needs to or roomName')
}

/** A number or its decimal digits; nothing, and less than 1, mean 1. */
const popularOf = (n: unknown): ActionRequest => {
  const text = isAbsent(n) ? '0' : String(n)
  return /^-?\d{1,15}$/.test(text) ? { type: 'popular', n: Math.max(1, Number(text)) } : invalid('n is a whole number')
}

const parseObject = (text: string): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    // No JSON: the answer is the same as for what is no object.
    return undefined
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
/** These clients fill what they do not have with '' or null. */
const isAbsent = (value: unknown): value is undefined | null | '' =>
  value === undefined || value === null || value === ''

const invalid = (why: string): ActionRequest => ({ type: 'invalid', why })
