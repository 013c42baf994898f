import type { Clock, Random } from '@chat/sdk'

/** UUIDs of version 7 that grow, whatever the clock does: the ids of writes. PROTOCOL §2. */
export const createMessageIds = (clock: Clock, random: Random): (() => string) => {
  let lastMs = 0
  return () => {
    lastMs = Math.max(clock.now(), lastMs + 1)
    const bytes = Buffer.alloc(16)
    bytes.writeUIntBE(lastMs, 0, 6)
    bytes.set(random.bytes(10), 6)
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }
}
