import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { createDevice, type Device } from './device.ts'
import type { Frame } from './http.ts'

let server: WebSocketServer
let socket: WebSocket
let device: Device
/** Every `send` that came, and what is answered to it. */
let sends: Frame[]
let answer: (send: Frame) => object

beforeEach(async () => {
  sends = []
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (opened) => {
    socket = opened
    opened.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame
      if (frame.op === 'send') sends.push(frame)
      opened.send(JSON.stringify({ ref: frame.ref, ...(frame.op === 'send' ? answer(frame) : { op: 'ok' }) }))
    })
  })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  device = createDevice({
    urls: [`http://127.0.0.1:${port}`],
    account: { userId: 1, name: 'ann', password: 'unused' },
    accessToken: 'a token',
  })
  await device.connect()
})

afterEach(async () => {
  await device.close()
  server.close()
})

test('what was accepted so long ago that the server has forgotten it is named in `after` once, not for ever', async () => {
  const taken: unknown[] = []
  answer = ({ clientMsgId, after }) => {
    if (after !== undefined) return { op: 'error', code: 'out_of_order', retry: 'later' }
    taken.push(clientMsgId)
    return { op: 'ok', conversation: 'g1', seq: taken.length, position: 'p' }
  }
  await device.send('g1', 'one')
  const { seq } = await device.send('g1', 'two')
  expect(seq).toBe(2)
  expect(sends.map(({ after }) => after)).toEqual([undefined, taken[0], undefined])
})

test('a message whose event was shown counts as accepted when its id is too late', async () => {
  answer = ({ clientMsgId }) => {
    const event = { conversation: 'g1', seq: 7, type: 'messagePosted', actor: 1, at: '', data: { clientMsgId } }
    socket.send(JSON.stringify({ op: 'event', ...event }))
    return { op: 'error', code: 'too_late', retry: 'never' }
  }
  expect(await device.send('g1', 'one')).toMatchObject({ conversation: 'g1', seq: 7 })
})
