import { chainStart, type LogEvent } from '@chat/schemas'
import { expect, test } from 'vitest'
import { jsonLine, textLine } from './lines.ts'
import { message, startMs } from './test-log.ts'

const found = (event: LogEvent) => ({
  partition: 3,
  pos: 120,
  event,
  record: {
    offset: 120,
    timestamp: startMs + 5,
    key: null,
    value: Buffer.alloc(0),
    headers: { type: event.type, schema: 'message-posted.v1', pos: '120', cmd: '99', chain: chainStart },
  },
})

const bodyOf = (over: { readonly body: Uint8Array; readonly keyId?: string }): unknown => {
  const event = { ...message('g1', 0), ...over } as LogEvent
  return JSON.parse(jsonLine(found(event))).event.body
}

test('a JSON line has the place, the headers and the fields of the schema', () => {
  expect(JSON.parse(jsonLine(found(message('g1', 0, 'hi'))))).toEqual({
    partition: 3,
    pos: 120,
    type: 'MessagePosted',
    schema: 'message-posted.v1',
    cmd: 99,
    chain: chainStart,
    appendedAt: startMs + 5,
    event: {
      conversation: 'g1',
      seq: 1,
      actor: 1,
      device: 'desk',
      at: startMs,
      clientMsgId: 'message-0',
      body: { utf8: '{"kind":"text","text":"hi"}' },
      keyId: null,
      replyTo: null,
      mentions: [],
    },
  })
})

test('bytes are text where they are clear text, and base64 otherwise: nothing is lost', () => {
  expect(bodyOf({ body: Buffer.from('\ufeffa\nb') })).toEqual({ utf8: '\ufeffa\nb' })
  expect(bodyOf({ body: Buffer.from([0xff, 0x61]) })).toEqual({ base64: '/2E=' })
  expect(bodyOf({ body: Buffer.from('hi'), keyId: 'k1' })).toEqual({ base64: 'aGk=' })
})

test('every JSON line is one line', () => {
  expect(jsonLine(found(message('g1', 0, 'a\nb\u2028c'))).indexOf('\n')).toBe(
    jsonLine(found(message('g1', 0, 'a\nb\u2028c'))).length - 1,
  )
})

test('a readable line cannot steer the terminal', () => {
  const line = textLine(found(message('g1', 0, 'hi \u001b[2J\u009b2J\u202e\u{e0041}')))
  expect(line).toMatch(/^2031-01-01T00:00:00.000Z 3:120 MessagePosted conversation="g1" seq=1 actor=1 /)
  expect(line.trimEnd()).not.toMatch(/\p{C}/u)
  expect(line).toContain('\\u{202e}')
})
