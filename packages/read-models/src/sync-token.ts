import type { NewestKey, Offsets } from './snapshot.ts'

/** Where a walk over pages stands. `end`: the offsets read on its first page, with which it ends. */
type Walk =
  /** All his conversations, newest first; then, as `moved`, those that changed meanwhile and may have been passed over. */
  | { readonly kind: 'all'; readonly end: Offsets; readonly after: NewestKey }
  | { readonly kind: 'moved'; readonly end: Offsets; readonly afterId: string }
  /** What changed since `base`, by id. */
  | { readonly kind: 'changed'; readonly base: Offsets; readonly end: Offsets; readonly afterId: string }

export type SyncToken = { readonly kind: 'final'; readonly base: Offsets } | Walk

/**
 * Opaque to clients. base64url of: version 1 · kind (0 final, 1 all, 2 moved, 3 changed) · user ·
 * generation · offsets of the end (final: the base) · for `changed` the base · the key. Numbers are LEB128, texts have their
 * length before them, offsets are two counted lists. The user is in it because another user's token would hide what is new.
 */
export const encodeSyncToken = (user: number, token: SyncToken): string => {
  const bytes: number[] = [version]
  const offsets = token.kind === 'final' ? token.base : token.end
  bytes.push(kinds.indexOf(token.kind))
  writeNumber(bytes, user)
  writeText(bytes, offsets.generation)
  writeOffsets(bytes, offsets)
  if (token.kind === 'changed') writeOffsets(bytes, token.base)
  if (token.kind === 'all') writeNumber(bytes, token.after.lastAt)
  if (token.kind !== 'final') writeText(bytes, token.kind === 'all' ? token.after.id : token.afterId)
  return Buffer.from(bytes).toString('base64url')
}

/** undefined: not a token of this user. Never throws. */
export const decodeSyncToken = (user: number, text: string): SyncToken | undefined => {
  const reader = new Reader(Buffer.from(text, 'base64url'))
  if (reader.number() !== version) return undefined
  const kind = kinds[reader.number()]
  if (kind === undefined || reader.number() !== user) return undefined // [G6]
  const generation = reader.text()
  const first = reader.offsets(generation)
  const token = restOf(kind, first, reader)
  return reader.isIntact() ? token : undefined
}

const version = 1
const kinds = ['final', 'all', 'moved', 'changed'] as const
/** Longer lists than any log has partitions are no tokens. */
const partitionsMax = 1024
const textBytesMax = 64

const restOf = (kind: (typeof kinds)[number], first: Offsets, reader: Reader): SyncToken => {
  switch (kind) {
    case 'final':
      return { kind, base: first }
    case 'all':
      return { kind, end: first, after: { lastAt: reader.number(), id: reader.text() } }
    case 'moved':
      return { kind, end: first, afterId: reader.text() }
    case 'changed':
      return { kind, end: first, base: reader.offsets(first.generation), afterId: reader.text() }
  }
}

const writeNumber = (bytes: number[], value: number): void => {
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}

const writeText = (bytes: number[], text: string): void => {
  const encoded = Buffer.from(text)
  writeNumber(bytes, encoded.length)
  bytes.push(...encoded)
}

const writeOffsets = (bytes: number[], offsets: Offsets): void => {
  for (const list of [offsets.events, offsets.receipts]) {
    writeNumber(bytes, list.length)
    for (const offset of list) writeNumber(bytes, offset)
  }
}

/** Reads past the end and over bounds give nothing and are remembered. */
class Reader {
  private at = 0
  private isBroken = false
  private readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  number(): number {
    let value = 0
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) break
      value += (byte % 128) * factor
      if (byte < 128) return value
    }
    this.isBroken = true
    return 0
  }

  text(): string {
    const length = this.number()
    if (length > textBytesMax) this.isBroken = true
    const text = this.isBroken ? '' : Buffer.from(this.bytes.subarray(this.at, this.at + length)).toString('latin1')
    this.at += length
    return text
  }

  offsets(generation: string): Offsets {
    return { generation, events: this.list(), receipts: this.list() }
  }

  isIntact(): boolean {
    return !this.isBroken && this.at === this.bytes.length
  }

  private list(): readonly number[] {
    const length = this.number()
    if (length > partitionsMax) this.isBroken = true
    const list: number[] = []
    while (!this.isBroken && list.length < length) list.push(this.number())
    return list
  }
}
