/** Randomness as a port: seeded in tests and in the simulation, the operating system's in `system.ts`. */
export interface Random {
  bytes(count: number): Uint8Array
  /** Uniform in [0, 1). */
  fraction(): number
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')

const dashed = (digits: string): string =>
  `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`

/** A random identifier of 128 bits, 32 hex digits. */
export const randomId = (random: Random): string => hex(random.bytes(16))

/** UUID version 7 (RFC 9562 §5.7): 48 bits of `nowMs`, then random. */
export const uuidV7 = (nowMs: number, random: Random): string => {
  const bytes = Uint8Array.from(random.bytes(16))
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(nowMs / 2 ** 32))
  view.setUint32(2, nowMs % 2 ** 32)
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70)
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80)
  return dashed(hex(bytes))
}
