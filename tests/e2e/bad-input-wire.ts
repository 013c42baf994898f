import { randomBytes } from 'node:crypto'

/** Frames as no library would write them. RFC 6455 §5.2. */
interface WireFrame {
  readonly opcode?: number
  readonly isFinal?: boolean
  /** RSV1, RSV2, RSV3 as three bits. */
  readonly reserved?: number
  readonly isMasked?: boolean
  readonly payload?: string | Buffer
  /** What the frame says of its length, whatever follows. */
  readonly claimedBytes?: bigint
}

const textOpcode = 1
const continuation = 0
const closeOpcode = 8
const pingOpcode = 9

export const wireFrame = ({
  opcode = textOpcode,
  isFinal = true,
  reserved = 0,
  isMasked = true,
  payload = '',
  claimedBytes,
}: WireFrame): Buffer => {
  const bytes = Buffer.from(payload)
  const length = claimedBytes ?? BigInt(bytes.length)
  const mask = isMasked ? randomBytes(4) : Buffer.alloc(0)
  const flag = isMasked ? 0x80 : 0
  const head = Buffer.alloc(length < 126n ? 2 : length < 65_536n ? 4 : 10)
  head[0] = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode
  head[1] = flag | (length < 126n ? Number(length) : length < 65_536n ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(Number(length), 2)
  if (head.length === 10) head.writeBigUInt64BE(length, 2)
  if (isMasked) for (const [i, byte] of bytes.entries()) bytes[i] = byte ^ (mask[i % 4] ?? 0)
  return Buffer.concat([head, mask, bytes])
}

export const ping = (payload: string | Buffer = ''): Buffer => wireFrame({ opcode: pingOpcode, payload })

/** One message in pieces of so many bytes. */
export const fragments = (text: string, bytes: number): readonly Buffer[] => {
  const all = Buffer.from(text)
  const count = Math.ceil(all.length / bytes)
  return Array.from({ length: count }, (_, i) =>
    wireFrame({
      opcode: i === 0 ? textOpcode : continuation,
      isFinal: i === count - 1,
      payload: all.subarray(i * bytes, (i + 1) * bytes),
    }),
  )
}

const request = '{"op":"ping","ref":1}'
const close = (payload: Buffer): Buffer => wireFrame({ opcode: closeOpcode, payload })

/** Bytes that break the framing, and the close code they get: RFC 6455 §7.4.1, and 1009 for what is too big. */
export const brokenFraming: readonly (readonly [string, Buffer, number])[] = [
  ['an unmasked frame', wireFrame({ isMasked: false, payload: request }), 1002],
  ['a frame that says it is compressed', wireFrame({ reserved: 0b100, payload: request }), 1002],
  ['RSV2', wireFrame({ reserved: 0b010, payload: request }), 1002],
  ['RSV3', wireFrame({ reserved: 0b001, payload: request }), 1002],
  ['a reserved opcode of data', wireFrame({ opcode: 3, payload: request }), 1002],
  ['a reserved opcode of control', wireFrame({ opcode: 0xb }), 1002],
  ['a continuation of nothing', wireFrame({ opcode: continuation, payload: request }), 1002],
  [
    'a new message inside another',
    Buffer.concat([wireFrame({ isFinal: false, payload: '{' }), wireFrame({ payload: request })]),
    1002,
  ],
  ['a ping in pieces', wireFrame({ opcode: pingOpcode, isFinal: false }), 1002],
  ['a ping of 126 bytes', ping('x'.repeat(126)), 1002],
  ['text that is no UTF-8', wireFrame({ payload: Buffer.from([0x22, 0xff, 0xc0, 0x22]) }), 1007],
  ['a frame that claims 1 GiB', wireFrame({ claimedBytes: 2n ** 30n }), 1009],
  ['a frame that claims 2^63 bytes', wireFrame({ claimedBytes: 2n ** 63n }), 1009],
  ['pieces of 65 KiB in all', Buffer.concat(fragments('x'.repeat(65 * 1024), 1024)), 1009],
  ['a close of one byte', close(Buffer.from([3])), 1002],
  ['a close with a code that nobody may send', close(Buffer.from([0x03, 0xed])), 1002],
  ['a close whose reason is no UTF-8', close(Buffer.from([0x03, 0xe8, 0xff])), 1007],
]

const head = (line: string, ...headers: readonly string[]): string => `${[line, ...headers].join('\r\n')}\r\n\r\n`

/** Bytes on a fresh TCP connection, and what the answer begins with before the server hangs up; empty: it hangs up at once. */
export const brokenHttp: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ['a TLS hello', Buffer.from([0x16, 3, 1, 0, 0xf4, 1, 0, 0, 0xf0, 3, 3]), /^HTTP\/1.1 400 /],
  ['noise', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + 131) % 256)), /^HTTP\/1.1 400 /],
  ['an SSH banner', 'SSH-2.0-OpenSSH_9.6\r\n', /^HTTP\/1.1 400 /],
  ['a Redis command', '*1\r\n$4\r\nPING\r\n', /^HTTP\/1.1 400 /],
  ['HTTP/2', head('PRI * HTTP/2.0') + head('SM'), /^HTTP\/1.1 400 /],
  ['HTTP of a version to come', head('GET / HTTP/9.9', 'host: x'), /^HTTP\/1.1 (400|505) /],
  ['an unknown method', head('OBEY / HTTP/1.1', 'host: x'), /^HTTP\/1.1 400 /],
  ['no host', head('GET / HTTP/1.1', 'connection: close'), /^HTTP\/1.1 400 /],
  ['a header line without a colon', head('GET / HTTP/1.1', 'host: x', 'nonsense'), /^HTTP\/1.1 400 /],
  ['NUL in a header', head('GET / HTTP/1.1', 'host: x', 'a: b\0c'), /^HTTP\/1.1 400 /],
  ['a header of 20 KiB', head('GET / HTTP/1.1', 'host: x', `a: ${'b'.repeat(20 * 1024)}`), /^HTTP\/1.1 431 /],
  ['a path of 20 KiB', head(`GET /${'a'.repeat(20 * 1024)} HTTP/1.1`, 'host: x'), /^HTTP\/1.1 431 /],
  [
    'two lengths',
    head('POST /v1/users HTTP/1.1', 'host: x', 'content-length: 2', 'content-length: 3'),
    /^HTTP\/1.1 400 /,
  ],
  [
    'a length and chunks',
    head('POST /v1/users HTTP/1.1', 'host: x', 'content-length: 2', 'transfer-encoding: chunked'),
    /^HTTP\/1.1 400 /,
  ],
  ['a negative length', head('POST /v1/users HTTP/1.1', 'host: x', 'content-length: -1'), /^HTTP\/1.1 400 /],
  [
    'a chunk that is none',
    `${head('POST /v1/users HTTP/1.1', 'host: x', 'transfer-encoding: chunked')}zz\r\n`,
    /^HTTP\/1.1 400 /,
  ],
  [
    'a body of 1 TB announced',
    head('POST /v1/users HTTP/1.1', 'host: x', 'content-type: application/json', 'content-length: 1000000000000'),
    /^HTTP\/1.1 413 /,
  ],
  ['a proxy request', head('CONNECT example.org:443 HTTP/1.1', 'host: x'), /^$|^HTTP\/1.1 4\d\d /],
]
