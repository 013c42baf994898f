import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { DialectPorts } from '../crowd/ports.ts'
import { encode, request } from '../memory/protobuf-wire.ts'
import type { DialectTarget } from './dialect-target.ts'
import { connectRudeTcp, type RudeTcp } from './rude-tcp.ts'

const fifty = 50
const strangers = 50

interface Question {
  readonly name: string
  readonly port: keyof DialectPorts
  /** It may be asked by everybody, logged in or not… */
  readonly question: Buffer
  /** …and is answered with exactly this to who is not. */
  readonly answer: Buffer
  /** Of how many of its first bytes, when nothing comes after them, something comes. */
  readonly wholeAt?: number
}

const padded = (bytes: Buffer | string): Buffer => Buffer.concat([Buffer.from(bytes), Buffer.alloc(1_024)], 1_024)
const json = (message: object): Buffer => Buffer.from(`${JSON.stringify(message)}\0`)
const withNul = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(1)])
const badLogin = json({ msgid: 1, id: 'x', password: 'x' })

const questions: readonly Question[] = [
  {
    name: 'json-to',
    port: 'JSON_TO',
    question: badLogin,
    answer: padded('{"msgid":2,"errno":1,"errmsg":"id or password error"}'),
  },
  {
    name: 'json-toid',
    port: 'JSON_TOID',
    question: badLogin,
    answer: padded('{"msgid":2,"errno":1,"errmsg":"id or password is invalid!"}'),
  },
  {
    name: 'envelope',
    port: 'ENVELOPE',
    question: withNul(request('getUserInfo', [[1, 'x']])),
    answer: padded(encode([[1, 'GetUserInfo']])),
  },
  {
    name: 'unit',
    port: 'UNIT',
    question: request('GetUserInfo', [[1, 5]]),
    answer: Buffer.from('08ffffffffffffffffff01', 'hex'),
    wholeAt: encode([[1, 'GetUserInfo']]).length,
  },
]

export const times = (count: number, bytes: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => bytes))
export const bytewise = (bytes: Buffer): readonly Buffer[] => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))

/** What no client of these protocols would say. */
export const strangeBytes: readonly (readonly [string, Buffer])[] = [
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')],
  ['a TLS handshake', Buffer.from(`1603010200010001fc0303${'5a'.repeat(32)}`, 'hex')],
  ['a request to Kafka', Buffer.from('0000001400120003000000010004746573740000', 'hex')],
  ['ones', Buffer.alloc(2_000, 0xff)],
  ['bytes below the space', Buffer.from(Array.from({ length: 2_000 }, (_, n) => 1 + (n % 31)))],
]

/** What is wrong with the bytes, whatever the dialect. */
export const badTcp = (target: () => DialectTarget): void => {
  describe.each(questions)('$name', ({ port, question, answer, wholeAt }) => {
    const open = (): RudeTcp => connectRudeTcp(target().ports[port])

    test('a request in two writes, cut at every byte, is answered each time', async () => {
      const client = open()
      for (let at = 1; at < question.length; at++) {
        await client.write(question.subarray(0, at), question.subarray(at))
        expect(await client.receives(at * answer.length), `cut at ${at}`).toEqual(times(at, answer))
      }
      client.close()
    })

    test('fifty requests in one write are answered, one byte a write as well, and one that is doubled twice', async () => {
      const client = open()
      await client.write(times(fifty, question))
      expect(await client.receives(fifty * answer.length)).toEqual(times(fifty, answer))
      await client.write(...bytewise(question))
      expect(await client.receives((fifty + 1) * answer.length)).toEqual(times(fifty + 1, answer))
      await client.write(Buffer.concat([question, question]))
      expect(await client.receives((fifty + 3) * answer.length)).toEqual(times(fifty + 3, answer))
      client.close()
    })

    test('a request that ends too soon, after whichever byte, is not answered and its connection closes', async () => {
      // The last byte is the end itself.
      const ends = Array.from({ length: question.length - 2 }, (_, at) => at + 1)
      await Promise.all(
        ends.map(async (at) => {
          const client = open()
          await client.write(question.subarray(0, at))
          client.end()
          await client.closed
          expect(client.received(), `ended after ${at}`).toEqual(at === wholeAt ? answer : Buffer.alloc(0))
        }),
      )
    })

    test.each(strangeBytes)('%s is none of its requests: closed, what came before is answered', async (_, bytes) => {
      const client = open()
      await client.write(Buffer.concat([question, bytes, Buffer.alloc(1)]))
      await client.closed
      expect(client.received()).toEqual(answer)
    })

    test('random bytes are answered or closed', async () => {
      await Promise.all(
        Array.from({ length: strangers }, async (_, index) => {
          const client = open()
          await client.write(randomBytes(1 + index * 40))
          client.end()
          await client.closed
        }),
      )
    })
  })
}
