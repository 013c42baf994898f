import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { behindProxy } from './proxied.ts'
import type { TcpSocket } from './tcp-socket.ts'

/** A connection of a proxy, and what its server hears of it. */
const scene = () => {
  const clock = createFakeClock(0)
  const happened: string[] = []
  const socket: TcpSocket = {
    remoteAddress: '10.0.0.1',
    write: () => {},
    end: () => {},
    destroy: () => void happened.push('destroyed'),
    pause: () => {},
    resume: () => {},
  }
  const events = behindProxy(socket, clock, ({ remoteAddress }) => {
    happened.push(`of ${remoteAddress}`)
    return {
      onBytes: (bytes) => void happened.push(String(bytes)),
      onEnd: () => void happened.push('end'),
      onGone: () => void happened.push('gone'),
      stop: () => void happened.push('stop'),
    }
  })
  return { clock, happened, events, say: (text: string) => events.onBytes(Buffer.from(text, 'latin1')) }
}

const line = 'PROXY TCP4 203.0.113.7 192.0.2.1 40000 8001\r\n'

test.each([
  [line, '203.0.113.7'],
  ['PROXY TCP6 2001:db8::7 2001:db8::1 0 65535\r\n', '2001:db8::7'],
  ['PROXY UNKNOWN\r\n', '10.0.0.1'],
  ['PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', '10.0.0.1'],
  [`PROXY UNKNOWN ${'x'.repeat(107 - 16)}\r\n`, '10.0.0.1'],
])('%j is the connection of %s, and what comes behind it is his', (text, address) => {
  const { happened, say, events } = scene()
  say(`${text}hello\r\n`)
  say('PROXY TCP4')
  events.onEnd()
  events.stop()
  events.onGone()
  expect(happened).toEqual([`of ${address}`, 'hello\r\n', 'PROXY TCP4', 'end', 'stop', 'gone'])
})

test('the line may come in any pieces; nobody is served before its end', () => {
  for (let cut = 1; cut < line.length; cut++) {
    const { happened, say } = scene()
    say(line.slice(0, cut))
    expect(happened).toEqual([])
    say(`${line.slice(cut)}x`)
    expect(happened).toEqual(['of 203.0.113.7', 'x'])
  }
})

test.each([
  '{"msgid":1}\0',
  'proxy TCP4 203.0.113.7 192.0.2.1 40000 8001\r\n',
  'PROXY\r\n',
  'PROXY \r\n',
  'PROXYTCP4 203.0.113.7 192.0.2.1 40000 8001\r\n',
  'PROXY TCP4 203.0.113.256 192.0.2.1 40000 8001\r\n',
  'PROXY TCP4 2001:db8::7 192.0.2.1 40000 8001\r\n',
  'PROXY TCP4 203.0.113.7 example 40000 8001\r\n',
  'PROXY TCP6 203.0.113.7 192.0.2.1 40000 8001\r\n',
  'PROXY TCP4 203.0.113.7 192.0.2.1 40000\r\n',
  'PROXY TCP4 203.0.113.7 192.0.2.1 40000 8001 x\r\n',
  'PROXY TCP4 203.0.113.7 192.0.2.1 40000 65536\r\n',
  'PROXY TCP4 203.0.113.7 192.0.2.1 -1 8001\r\n',
  'PROXY TCP4  203.0.113.7 192.0.2.1 40000 8001\r\n',
  'PROXY UDP4 203.0.113.7 192.0.2.1 40000 8001\r\n',
  'PROXY constructor 203.0.113.7 192.0.2.1 40000 8001\r\n',
  'PROXY TCP4 203.0.113.7 192.0.2.1 40000 8001\n',
  `PROXY UNKNOWN ${'x'.repeat(200)}`,
  `PROXY UNKNOWN ${'x'.repeat(108 - 16)}\r\n`,
  '\r\n\r\n\0\r\nQUIT\n', // the beginning of version 2
])('a connection that begins with %j is cut off at once or, when it may go on, in time', async (text) => {
  const { happened, say, clock } = scene()
  say(text)
  await clock.advance(5_000)
  expect(happened).toEqual(['destroyed'])
})

test('a connection that says nothing, ends, or is there when the server stops is cut off', async () => {
  const silent = scene()
  await silent.clock.advance(5_000)
  const ended = scene()
  ended.events.onEnd()
  const stopped = scene()
  stopped.events.stop()
  for (const { happened } of [silent, ended, stopped]) expect(happened).toEqual(['destroyed'])
  const gone = scene()
  gone.events.onGone()
  await gone.clock.advance(5_000)
  expect(gone.happened).toEqual([])
})
