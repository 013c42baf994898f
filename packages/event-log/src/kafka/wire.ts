import { assert } from '@chat/runtime'

/*
 * Kafka's primitive types (protocol guide, "Protocol Primitive Types"): big-endian integers, text with an int16 length, and
 * in records zigzag varints.
 */

const two32 = 2 ** 32

export const varintBytes = (value: number): number => {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  let bytes = 1
  while (rest > 0x7f) {
    rest >>>= 7
    bytes++
  }
  return bytes
}

/** UTF-8 length. Most texts here are short ASCII: a loop beats the call into C++. */
export const textBytes = (text: string): number => {
  if (text.length > shortText) return Buffer.byteLength(text)
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text)
  return text.length
}

const shortText = 48

/** Writes into a buffer that is large enough: whoever makes it has measured. */
export class ByteWriter {
  readonly bytes: Buffer
  at = 0
  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafe(capacity)
  }
  int8(value: number): void {
    this.at = this.bytes.writeInt8(value, this.at)
  }
  int16(value: number): void {
    this.at = this.bytes.writeInt16BE(value, this.at)
  }
  int32(value: number): void {
    this.at = this.bytes.writeInt32BE(value, this.at)
  }
  int64(value: number): void {
    this.bytes.writeInt32BE(Math.floor(value / two32), this.at)
    this.at = this.bytes.writeUInt32BE(value < 0 ? value + two32 : value % two32, this.at + 4)
  }
  text(value: string): void {
    const length = this.bytes.write(value, this.at + 2)
    this.bytes.writeInt16BE(length, this.at)
    this.at += 2 + length
  }
  varint(value: number): void {
    const { bytes } = this
    let rest = ((value << 1) ^ (value >> 31)) >>> 0
    while (rest > 0x7f) {
      bytes[this.at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[this.at++] = rest
  }
  varText(value: string): void {
    const { bytes } = this
    const length = textBytes(value)
    this.varint(length)
    if (length !== value.length || length > shortText) bytes.write(value, this.at)
    else for (let i = 0; i < length; i++) bytes[this.at + i] = value.charCodeAt(i)
    this.at += length
  }
  varBytes(value: Uint8Array): void {
    this.varint(value.length)
    this.bytes.set(value, this.at)
    this.at += value.length
  }
  /** What was written, in the form that kafkajs takes for an encoded request. */
  encoded(): { readonly buf: Buffer; readonly buffer: Buffer } {
    assert(this.at <= this.bytes.length, 'a request fits the buffer that was measured for it')
    return { buf: this.bytes, buffer: this.bytes.subarray(0, this.at) }
  }
}

export class ByteReader {
  readonly bytes: Buffer
  at: number
  /** Names of the headers of the record before: the records of a topic carry the same ones in the same order. */
  private readonly names: { readonly bytes: Buffer; readonly name: string }[] = []
  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes
    this.at = at
  }
  int16(): number {
    const value = this.bytes.readInt16BE(this.at)
    this.at += 2
    return value
  }
  int32(): number {
    const value = this.bytes.readInt32BE(this.at)
    this.at += 4
    return value
  }
  int64(): number {
    const value = this.bytes.readInt32BE(this.at) * two32 + this.bytes.readUInt32BE(this.at + 4)
    assert(Number.isSafeInteger(value), 'a 64-bit number of the broker is a safe integer')
    this.at += 8
    return value
  }
  text(): string {
    const length = this.int16()
    if (length < 0) return ''
    this.at += length
    return this.bytes.toString('utf8', this.at - length, this.at)
  }
  varint(): number {
    const { bytes } = this
    let value = 0
    let shift = 0
    for (;;) {
      const byte = bytes[this.at++]
      assert(byte !== undefined && shift < 35, 'a varint ends within the buffer')
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
      shift += 7
    }
  }
  /** Up to 53 bits. */
  varlong(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.bytes[this.at++]
      assert(byte !== undefined && scale < 2 ** 64, 'a varlong ends within the buffer')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      scale *= 128
    }
  }
  varBytes(): Buffer | null {
    const length = this.varint()
    if (length < 0) return null
    assert(this.at + length <= this.bytes.length, 'a field ends within the buffer')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
  varText(): string {
    const length = this.varint()
    if (length <= 0) return ''
    assert(this.at + length <= this.bytes.length, 'a text ends within the buffer')
    this.at += length
    return this.bytes.toString('utf8', this.at - length, this.at)
  }
  /** Like varText, for the `index`-th header of a record. */
  headerName(index: number): string {
    const start = this.at
    const known = this.names[index]
    if (known !== undefined && this.startsWith(known.bytes)) {
      this.at += known.bytes.length
      return known.name
    }
    const name = this.varText()
    this.names[index] = { bytes: this.bytes.subarray(start, this.at), name }
    return name
  }
  private startsWith(prefix: Buffer): boolean {
    const { bytes, at } = this
    for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false
    return true
  }
}
