import { within } from './log-facts.ts'

/** A set of (device, conversation, seq), a bit each: there are millions. */
export interface SeqMarks {
  /** false: it was there already. */
  add(device: string, conversation: string, seq: number): boolean
  has(device: string, conversation: string, seq: number): boolean
}

export const createSeqMarks = (): SeqMarks => {
  const devices = new Map<string, Map<string, Uint8Array>>()
  const bitsOf = (device: string, conversation: string, seq: number): Uint8Array => {
    const conversations = within(devices, device, () => new Map<string, Uint8Array>())
    const bits = conversations.get(conversation)
    if (bits !== undefined && seq >> 3 < bits.length) return bits
    const grown = new Uint8Array(Math.max(16, (seq >> 3) * 2 + 1))
    if (bits !== undefined) grown.set(bits)
    conversations.set(conversation, grown)
    return grown
  }
  return {
    add: (device, conversation, seq) => {
      const bits = bitsOf(device, conversation, seq)
      const [index, bit] = [seq >> 3, 1 << (seq & 7)]
      const byte = bits[index] ?? 0
      if ((byte & bit) !== 0) return false
      bits[index] = byte | bit
      return true
    },
    has: (device, conversation, seq) =>
      ((devices.get(device)?.get(conversation)?.[seq >> 3] ?? 0) & (1 << (seq & 7))) !== 0,
  }
}
