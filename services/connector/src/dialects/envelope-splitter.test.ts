import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type EnvelopeEnd, EnvelopeSplitter, envelopeBytesMax } from './envelope-splitter.ts'

const split = (end: EnvelopeEnd, ...reads: readonly (Buffer | Uint8Array)[]) => {
  const splitter = new EnvelopeSplitter(end)
  const found = reads.flatMap((read) => splitter.take(Buffer.from(read)))
  return {
    found: found.map(({ type, request }) => [type, request.toString('latin1')]),
    isBroken: splitter.isBroken,
    isInside: splitter.isInside,
    rest: () => splitter.rest().map(({ type, request }) => [type, request.toString('latin1')]),
  }
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const field = (number: number, bytes: Buffer | string): Buffer => {
  const { length } = Buffer.from(bytes)
  const head =
    length < 128
      ? [length]
      : [(length % 128) + 128, ...(length < 16_384 ? [length >> 7] : [((length >> 7) % 128) + 128, length >> 14])]
  return Buffer.concat([Buffer.from([number * 8 + 2, ...head]), Buffer.from(bytes)])
}
const nul = Buffer.alloc(1)

test('envelope: a message ends at a NUL between its fields, or where field 1 comes again', () => {
  const one = Buffer.concat([field(1, 'Login'), field(2, 'a\0b'), nul])
  const two = Buffer.concat([field(1, 'Logout'), nul, nul])
  const three = Buffer.concat([field(1, 'getUserInfo'), field(1, 'chatMessage'), field(2, ''), nul])
  const bytes = Buffer.concat([one, two, three])
  const whole = [
    ['Login', 'a\0b'],
    ['Logout', ''],
    ['getUserInfo', ''],
    ['chatMessage', ''],
  ]
  for (let at = 0; at <= bytes.length; at++)
    expect(split('nul', bytes.subarray(0, at), bytes.subarray(at)).found).toEqual(whole)
  expect(split('nul', ...Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))).found).toEqual(whole)
  const open = split('nul', bytes.subarray(0, one.length - 1))
  expect([open.found, open.isInside]).toEqual([[], true])
})

test('unit: a message ends behind field 2, or where field 1 comes again; one that is field 1 alone when nothing comes any more', () => {
  const bytes = Buffer.concat([
    field(1, 'Login'),
    field(2, 'a\0b'),
    field(1, 'GetFriendList'),
    field(1, 'ChatMsg'),
    field(2, 'x'),
  ])
  const whole = [
    ['Login', 'a\0b'],
    ['GetFriendList', ''],
    ['ChatMsg', 'x'],
  ]
  for (let at = 0; at <= bytes.length; at++)
    expect(split('request', bytes.subarray(0, at), bytes.subarray(at)).found).toEqual(whole)
  const lone = split('request', field(1, 'GetFriendList'))
  expect([lone.found, lone.isInside, lone.rest()]).toEqual([[], true, [['GetFriendList', '']]])
  expect(split('request', field(1, 'GetFriendList'), hex('12')).rest()).toEqual([])
  expect(split('request').rest()).toEqual([])
})

test('fields that are not known are passed over, whatever they are', () => {
  const others = hex('18 ff01  21 0102030405060708  2a 03 616263  35 01020304')
  const bytes = Buffer.concat([others, field(1, 'Login'), others, field(2, 'x'), nul])
  expect(split('nul', bytes)).toMatchObject({ found: [['Login', 'x']], isBroken: false })
})

test.each([
  ['a group', '0b'],
  ['a wire type that there is not', '0f'],
  ['field 0', '02 00'],
  ['type as a number', '08 01'],
  ['request as four bytes', '15 01020304'],
  ['a length that never ends', '0a 80808080808080808080'],
  ['a length beyond all bounds', '0a ffffffffffffffffff7f'],
  ['one that is a byte too long', '0a fdff03'],
])('%s ends it, after what came before', (_, bytes) => {
  const good = Buffer.concat([field(1, 'Login'), field(2, 'x'), nul])
  expect(split('nul', good, hex(bytes), good)).toMatchObject({ found: [['Login', 'x']], isBroken: true })
})

test('a message has at most 64 KiB, all its fields together', () => {
  const type = field(1, 'ChatMsg')
  const fits = field(2, Buffer.alloc(envelopeBytesMax - type.length - 4, 1))
  expect(type.length + fits.length).toBe(envelopeBytesMax)
  expect(split('request', type, fits)).toMatchObject({ found: [['ChatMsg', expect.any(String)]], isBroken: false })
  expect(split('request', type, hex('1801'), fits).isBroken).toBe(true)
  expect(split('nul', type, ...Array.from({ length: 70_000 / 2 }, () => hex('1801'))).isBroken).toBe(true)
})

test('however junk is cut, the same comes of it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<EnvelopeEnd>('nul', 'request'),
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 20 }),
          fc
            .constantFrom(field(1, 'Login'), field(2, 'x'), nul, field(1, ''), hex('1801'))
            .map((bytes) => new Uint8Array(bytes)),
        ),
      ),
      (end, reads) => {
        const whole = split(end, Buffer.concat(reads))
        const cut = split(end, ...reads)
        expect(cut.found).toEqual(whole.found)
        expect(cut.isBroken).toBe(whole.isBroken)
      },
    ),
    { numRuns: 500 },
  )
})
