import { once } from 'node:events'
import { createSeededRandom, forEachOf, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { decode, request } from '../memory/protobuf-wire.ts'
import { actionFrames, type FuzzFrame, type FuzzSelf, jsonFrames, protobufFrames } from './dialect-fuzz-frames.ts'
import { type DialectTarget, dialectsAt, startDialectTarget } from './dialect-target.ts'
import { connectRudeTcp } from './rude-tcp.ts'

/**
 * Frames that are right, wrong, cut, changed or junk, to the real listeners of a server that people use: each connection is answered in its
 * protocol until it closes, and the innocent on the same port notice nothing.
 */
const framesCount = process.env.CHAT_TEST_LONG === '1' ? 1_000_000 : 20_000
const testTimeoutMs = process.env.CHAT_TEST_LONG === '1' ? 3_600_000 : 300_000
const framesPerConnectionMax = 100
/** So many connections at once, each of somebody else; this part of them is logged in. */
const clientsCount = 16
const loggedInPart = 1 / 20
/** How often the innocent are asked how they are, while it goes on. */
const looks = 10
const seed = Number(process.env.CHAT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const random = createSeededRandom(seed)

let target: DialectTarget

beforeAll(async () => {
  target = await startDialectTarget()
}, 120_000)

afterAll(() => target?.stop())

/** One connection of a dialect, from its beginning to its end. What it heard is no answer of the protocol: throws. */
type Visit = (self: FuzzSelf, frames: readonly FuzzFrame[], isLoggedIn: boolean) => Promise<void>

interface Fuzzed {
  readonly name: string
  readonly framesOf: (self: FuzzSelf) => () => FuzzFrame
  readonly visit: Visit
}

const nul = Buffer.alloc(1)
const frameBytes = 1_024

/** What a client that takes 1,024 bytes for one C string can read. */
const expectPadded = (received: Buffer, read: (payload: Buffer) => unknown): void => {
  expect(received.length % frameBytes).toBe(0)
  for (let at = 0; at < received.length; at += frameBytes) {
    const frame = received.subarray(at, at + frameBytes)
    const end = frame.indexOf(0)
    expect(end).toBeGreaterThan(0)
    expect(frame.subarray(end).every((byte) => byte === 0)).toBe(true)
    read(frame.subarray(0, end))
  }
}

const visitTcp =
  (portOf: () => number, login: (self: FuzzSelf) => Buffer, expectRight: (received: Buffer) => void): Visit =>
  async (self, frames, isLoggedIn) => {
    const client = connectRudeTcp(portOf())
    const bytes = Buffer.concat([...(isLoggedIn ? [login(self)] : []), ...frames.map((frame) => frame.bytes)])
    const cut = Math.floor(random.fraction() * bytes.length)
    await client.write(bytes.subarray(0, cut), bytes.subarray(cut))
    client.end()
    await client.closed
    expectRight(client.received())
  }

const visitAction: Visit = async ({ name }, frames, isLoggedIn) => {
  const client = new WebSocket(`ws://127.0.0.1:${target.ports.ACTION}`, { perMessageDeflate: false })
  const heard: string[] = []
  client.on('error', () => {}) // `close` follows.
  client.on('message', (text) => void heard.push(String(text)))
  await once(client, 'open')
  const closed = once(client, 'close')
  if (isLoggedIn) client.send(JSON.stringify({ id: 1, action: 'login', data: { username: name } }))
  for (const { bytes, isLast } of frames) client.send(bytes, { binary: isLast })
  client.close()
  await closed
  for (const text of heard)
    expect(JSON.parse(text)).toEqual({ id: expect.any(Number), action: expect.any(String), data: expect.any(Object) })
}

const jsonLogin = ({ id }: FuzzSelf) => Buffer.from(`${JSON.stringify({ msgid: 1, id, password: 'x' })}\0`)
const protobufLogin = (who: string | number) =>
  request('Login', [
    [1, who],
    [2, 'x'],
  ])
const expectJson = (received: Buffer) => expectPadded(received, (payload) => JSON.parse(payload.toString('utf8')))

const fuzzed: readonly Fuzzed[] = [
  {
    name: 'json-to',
    framesOf: (self) => jsonFrames(random, self),
    visit: visitTcp(() => target.ports.JSON_TO, jsonLogin, expectJson),
  },
  {
    name: 'json-toid',
    framesOf: (self) => jsonFrames(random, self),
    visit: visitTcp(() => target.ports.JSON_TOID, jsonLogin, expectJson),
  },
  {
    name: 'envelope',
    framesOf: (self) => protobufFrames('envelope', random, self),
    visit: visitTcp(
      () => target.ports.ENVELOPE,
      ({ name }) => Buffer.concat([protobufLogin(name), nul]),
      (received) => expectPadded(received, decode),
    ),
  },
  {
    name: 'unit',
    framesOf: (self) => protobufFrames('unit', random, self),
    // Bare answers, some of them texts: nothing tells where one ends.
    visit: visitTcp(
      () => target.ports.UNIT,
      ({ id }) => protobufLogin(id),
      () => {},
    ),
  },
  { name: 'action', framesOf: (self) => actionFrames(random, self), visit: visitAction },
]

test.each(fuzzed)(
  `$name: ${framesCount.toLocaleString('en')} frames harm nobody`,
  async ({ name, framesOf, visit }) => {
    const dialect = dialectsAt(target.ports).find((one) => one.name === name)
    if (dialect === undefined) throw new Error(`no ${name}`)
    let [sent, connections] = [0, 0]
    let isOver = false
    const be = async (number: number) => {
      const self = { name: `${name}-mallory-${number}`, id: 0 }
      await dialect.register(self.name, 0)
      self.id = await target.idOf(self.name)
      const next = framesOf(self)
      while (sent < framesCount) {
        const frames: FuzzFrame[] = []
        while (frames.length < framesPerConnectionMax && frames.at(-1)?.isLast !== true) frames.push(next())
        sent += frames.length
        connections++
        await visit(self, frames, random.fraction() < loggedInPart)
      }
    }
    const look = async () => {
      for (let part = 1; part <= looks; part++) {
        await waitUntil(() => isOver || sent >= (framesCount * part) / looks, {
          deadlineMs: testTimeoutMs,
          what: 'more is sent',
        })
        await target.expectUnharmed()
      }
    }
    try {
      const numbers = Array.from({ length: clientsCount }, (_, number) => number)
      await Promise.all([forEachOf(numbers, clientsCount, be), look()])
    } catch (error) {
      throw new Error(`seed ${seed}: ${sent} frames on ${connections} connections`, { cause: error })
    } finally {
      isOver = true
    }
    expect(connections).toBeGreaterThan(framesCount / framesPerConnectionMax)
    await target.expectUnharmed()
  },
  testTimeoutMs,
)

test('the server has nothing to report', () => target.expectNothingReported())
