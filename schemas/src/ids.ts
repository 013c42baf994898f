import { partitionOf } from './murmur2.ts'

/** Ids carry their partition: id = n · P + p + 1, with n the partition's own counter. */
export const idOf = (n: number, partition: number, partitions: number): number => n * partitions + partition + 1

export const partitionOfId = (id: number, partitions: number): number => (id - 1) % partitions

/** The greatest id: 32-bit, positive. */
export const idMax = 2 ** 31 - 1

export type ConversationId =
  | { readonly kind: 'direct'; readonly lo: number; readonly hi: number }
  | { readonly kind: 'group'; readonly groupId: number }

export const directConversation = (a: number, b: number): string => `d${Math.min(a, b)}.${Math.max(a, b)}`

export const groupConversation = (groupId: number): string => `g${groupId}`

const parseId = (digits: string | undefined): number | undefined => {
  if (digits === undefined || !/^[1-9]\d{0,9}$/.test(digits)) return undefined
  const id = Number(digits)
  return id <= idMax ? id : undefined
}

/** undefined: not the canonical form of a conversation id. */
export const parseConversation = (text: string): ConversationId | undefined => {
  if (text.startsWith('g')) {
    const groupId = parseId(text.slice(1))
    return groupId === undefined ? undefined : { kind: 'group', groupId }
  }
  if (!text.startsWith('d')) return undefined
  const [first, second, ...rest] = text.slice(1).split('.')
  const lo = parseId(first)
  const hi = parseId(second)
  if (lo === undefined || hi === undefined || rest.length > 0 || lo > hi) return undefined
  return { kind: 'direct', lo, hi }
}

/** A group lives in its id's partition, a direct conversation in its id string's. Throws nothing; undefined: malformed. */
export const partitionOfConversation = (conversation: string, partitions: number): number | undefined => {
  const id = parseConversation(conversation)
  if (id === undefined) return undefined
  return id.kind === 'group' ? partitionOfId(id.groupId, partitions) : partitionOf(conversation, partitions)
}
