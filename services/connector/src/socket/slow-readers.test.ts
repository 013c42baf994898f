import { expect, test } from 'vitest'
import type { Socket } from '../ports.ts'
import { createReadyWorld, deviceOf } from '../test-world.ts'
import { queuedBytesMax } from './outbox.ts'

/** A device whose queue is what the test says, and whose last request waits because it is full. */
const stuck = async () => {
  const { world, connector } = await createReadyWorld()
  const state = { queued: 0, closed: undefined as number | undefined, isPaused: false }
  const socket: Socket = {
    remoteAddress: '127.0.0.1',
    send: () => {},
    ping: () => {},
    close: (code) => {
      state.closed = code
    },
    pause: () => {
      state.isPaused = true
    },
    resume: () => {
      state.isPaused = false
    },
    bufferedBytes: () => state.queued,
  }
  const events = connector.sockets.handlers.accept(socket)
  events.onFrame(JSON.stringify({ op: 'hello', ref: 0, token: world.token(1), device: deviceOf(1) }))
  await world.clock.settle()
  state.queued = 2 * queuedBytesMax
  await world.post(2, 'd1.2', 'x')
  await world.clock.settle()
  events.onFrame(JSON.stringify({ op: 'ping', ref: 1 }))
  expect(state.isPaused).toBe(true)
  return { world, state }
}

test('a reader that stops between the marks is closed with 4508, although it is not listened to', async () => {
  const { world, state } = await stuck()
  state.queued = 900 * 1024
  await world.clock.advance(9_000)
  expect(state.closed).toBeUndefined()
  await world.clock.advance(3_000)
  expect(state.closed).toBe(4508)
})

test('a slow reader that goes on reading is left alone for longer than two heartbeats', async () => {
  const { world, state } = await stuck()
  for (let i = 0; i < 20; i++) {
    state.queued -= 90 * 1024
    await world.clock.advance(5_000)
    expect(state.closed).toBeUndefined()
  }
  state.queued = 0
  await world.clock.advance(1_500)
  expect({ closed: state.closed, isPaused: state.isPaused }).toEqual({ closed: undefined, isPaused: false })
})
