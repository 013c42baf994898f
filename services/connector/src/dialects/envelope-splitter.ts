import type { Splitter } from './request-queue.ts'
import { delimited, type Field, fieldAt } from './wire.ts'

/**
 * Up, in both protobuf dialects: one message `{bytes type = 1; bytes request_msg = 2}` behind the other, without a length. So it is read field by
 * field: a message ends where the dialect says, or where field 1 comes again.
 */

/** Of one message, bytes. */
export const envelopeBytesMax = 64 * 1024

export interface Envelope {
  readonly type: string
  readonly request: Buffer
}

/** Where a message ends, but for field 1 of the next: at a NUL, or behind its field 2. */
export type EnvelopeEnd = 'nul' | 'request'

/** Cuts what comes into messages. */
export class EnvelopeSplitter {
  private readonly endsAt: EnvelopeEnd
  private parts: Buffer[] = []
  private partBytes = 0
  /** With fewer there is nothing to be read: a long field that comes byte by byte is put together once. */
  private wantedBytes = 1
  private type: string | undefined
  private request: Buffer | undefined
  /** Of the message that has begun, its whole fields. */
  private messageBytes = 0
  private broken = false

  constructor(endsAt: EnvelopeEnd) {
    this.endsAt = endsAt
  }

  /** What came is no such message: nothing behind it can be read. */
  get isBroken(): boolean {
    return this.broken
  }

  /** The beginning of a message is here, its end not yet. */
  get isInside(): boolean {
    return this.partBytes > 0 || this.messageBytes > 0
  }

  take(bytes: Buffer): readonly Envelope[] {
    if (this.broken) return []
    // A copy: the rest of a large read would be held by a small part of it.
    this.parts.push(Buffer.from(bytes))
    this.partBytes += bytes.length
    if (this.partBytes < this.wantedBytes) return []
    const all = Buffer.concat(this.parts, this.partBytes)
    const envelopes: Envelope[] = []
    this.keep(all.subarray(this.read(all, envelopes)))
    return envelopes
  }

  /** What may be whole although its end has not come: a message without a field 2, when nothing comes any more. */
  rest(): readonly Envelope[] {
    const envelopes: Envelope[] = []
    if (this.partBytes === 0) this.end(envelopes)
    return envelopes
  }

  /** Returns how far it came. */
  private read(bytes: Buffer, envelopes: Envelope[]): number {
    let at = 0
    this.wantedBytes = 1
    while (at < bytes.length) {
      if (bytes[at] === 0) {
        this.end(envelopes)
        at++
        continue
      }
      const field = fieldAt(bytes, at)
      if (field === 'broken') return this.fail(bytes)
      if (field?.number === typeField && this.type !== undefined) this.end(envelopes)
      // A field that is not whole is as long as it says, or longer than what is here of its beginning.
      const endAt = field?.endAt ?? bytes.length + 1
      if (this.messageBytes + endAt - at > envelopeBytesMax) return this.fail(bytes)
      if (field === undefined || endAt > bytes.length) {
        this.wantedBytes = endAt - at
        return at
      }
      if (isOurs(field) && field.wireType !== delimited) return this.fail(bytes)
      this.messageBytes += endAt - at
      if (field.number === typeField) this.type = bytes.toString('utf8', field.valueAt, endAt)
      if (field.number === requestField) this.request = Buffer.from(bytes.subarray(field.valueAt, endAt))
      if (field.number === requestField && this.endsAt === 'request') this.end(envelopes)
      at = endAt
    }
    return at
  }

  private keep(rest: Buffer): void {
    this.parts = rest.length === 0 || this.broken ? [] : [Buffer.from(rest)]
    this.partBytes = this.broken ? 0 : rest.length
  }

  private end(envelopes: Envelope[]): void {
    if (this.messageBytes > 0) envelopes.push({ type: this.type ?? '', request: this.request ?? Buffer.alloc(0) })
    this.type = undefined
    this.request = undefined
    this.messageBytes = 0
  }

  private fail(bytes: Buffer): number {
    this.broken = true
    this.messageBytes = 0
    return bytes.length
  }
}

const typeField = 1
const requestField = 2

const isOurs = ({ number }: Field): boolean => number === typeField || number === requestField

/** The messages as requests of a dialect. `quietMs`: one without an end is whole once nothing came for so long. */
export class EnvelopeRequests<Request> implements Splitter<Request> {
  readonly quiet: Splitter<Request>['quiet']
  private readonly envelopes: EnvelopeSplitter
  private readonly decode: (envelope: Envelope) => Request

  constructor(envelopes: EnvelopeSplitter, decode: (envelope: Envelope) => Request, quietMs?: number) {
    this.envelopes = envelopes
    this.decode = decode
    this.quiet = quietMs === undefined ? undefined : { ms: quietMs, take: () => envelopes.rest().map(decode) }
  }

  get isBroken(): boolean {
    return this.envelopes.isBroken
  }

  get isInside(): boolean {
    return this.envelopes.isInside
  }

  take(bytes: Buffer): readonly Request[] {
    return this.envelopes.take(bytes).map(this.decode)
  }
}
