import type { Clock, Random } from './ports.ts'

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const uuid = (bytes: Uint8Array, version: number): string => {
  const digits = hex(
    bytes.map((byte, i) => (i === 6 ? (byte & 0x0f) | (version << 4) : i === 8 ? (byte & 0x3f) | 0x80 : byte)),
  )
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  )
}

/** `crypto.randomUUID` exists on secure origins only; this is the same. */
export const uuidV4 = (random: Random): string => uuid(random.bytes(16), 4)

/** Ids of messages. They grow, as a server that remembers the newest ones asks for, whatever the clock of the computer does. */
export const createMessageIds = (clock: Clock, random: Random): (() => string) => {
  let lastMs = 0
  return () => {
    lastMs = Math.max(clock.now(), lastMs + 1)
    const time = Array.from({ length: 6 }, (_, i) => Math.floor(lastMs / 2 ** (8 * (5 - i))) % 256)
    return uuid(Uint8Array.from([...time, ...random.bytes(10)]), 7)
  }
}

/** The one conversation of two people. */
export const directConversation = (a: number, b: number): string => `d${Math.min(a, b)}.${Math.max(a, b)}`

/** Where a message to a conversation goes: to the other person, who may have none with us yet, or to the group. */
export const addressOf = (
  conversation: string,
  me: number,
): { readonly user: number } | { readonly conversation: string } => {
  const match = /^d(\d+)\.(\d+)$/.exec(conversation)
  if (match === null) return { conversation }
  const [low, high] = [Number(match[1]), Number(match[2])]
  return { user: low === me ? high : low }
}
