import { expect, test } from 'vitest'
import type { Socket } from '../ports.ts'
import { createStats } from '../stats.ts'
import { fullQueueMaxMs, Outbox, queuedBytesMax } from './outbox.ts'

const createQueue = () => {
  const queue = { bytes: 0, sent: [] as string[], timesFull: 0 }
  const socket: Socket = {
    remoteAddress: '',
    send: (frame) => void queue.sent.push(frame.toString()),
    ping: () => {},
    close: () => {},
    pause: () => {},
    resume: () => {},
    bufferedBytes: () => queue.bytes,
  }
  const outbox = new Outbox(socket, createStats(), () => {
    queue.timesFull++
  })
  return { queue, outbox }
}

test('pushes stop at the bound, answers go on, and a resync ends the pause once the queue has drained', () => {
  const { queue, outbox } = createQueue()
  outbox.push(Buffer.from('a'))
  queue.bytes = queuedBytesMax + 1
  outbox.push(Buffer.from('b'))
  outbox.push(Buffer.from('c'))
  outbox.answer('answer')
  expect(queue).toMatchObject({ sent: ['a', 'answer'], timesFull: 1 })
  expect(outbox.check(0)).toBe('full')
  queue.bytes = 0
  expect(outbox.check(1)).toBe('drained')
  outbox.push(Buffer.from('d'))
  expect(queue.sent).toEqual(['a', 'answer', '{"op":"resync"}', 'd'])
})

test('a queue that stays full is too slow after ten seconds', () => {
  const { queue, outbox } = createQueue()
  queue.bytes = queuedBytesMax + 1
  outbox.push(Buffer.from('a'))
  expect(outbox.check(5)).toBe('full')
  expect(outbox.check(4 + fullQueueMaxMs)).toBe('full')
  expect(outbox.check(5 + fullQueueMaxMs)).toBe('tooSlow')
})

test('a queue between the marks that shrinks gets ten more seconds each time, one that stands still does not', () => {
  const { queue, outbox } = createQueue()
  queue.bytes = queuedBytesMax + 1
  outbox.push(Buffer.from('a'))
  expect(outbox.check(0)).toBe('full')
  queue.bytes = 900 * 1024
  expect(outbox.check(9_000)).toBe('shrank')
  queue.bytes = 500 * 1024
  expect(outbox.check(18_000)).toBe('shrank')
  // Growing is no reading, and neither is a byte.
  queue.bytes = 600 * 1024
  expect(outbox.check(20_000)).toBe('full')
  queue.bytes = 500 * 1024 - 1
  expect(outbox.check(27_999)).toBe('full')
  expect(outbox.check(28_000)).toBe('tooSlow')
})

test('each time the queue is full its ten seconds begin anew', () => {
  const { queue, outbox } = createQueue()
  for (const startMs of [0, 60_000]) {
    queue.bytes = queuedBytesMax + 1
    outbox.push(Buffer.from('a'))
    expect(outbox.check(startMs)).toBe('full')
    expect(outbox.check(startMs + fullQueueMaxMs - 1)).toBe('full')
    queue.bytes = 0
    expect(outbox.check(startMs + fullQueueMaxMs)).toBe('drained')
  }
})

test('a full queue gets no resync before it has drained, a closed one nothing', () => {
  const { queue, outbox } = createQueue()
  queue.bytes = queuedBytesMax + 1
  outbox.push(Buffer.from('a'))
  outbox.resync()
  outbox.close()
  outbox.answer('answer')
  outbox.push(Buffer.from('b'))
  expect(queue.sent).toEqual([])
})

test('an answer behind others that were not read fills the queue, a large one alone does not', () => {
  const { queue, outbox } = createQueue()
  queue.bytes = queuedBytesMax
  outbox.answer('large')
  expect(outbox.isFull).toBe(false)
  queue.bytes = queuedBytesMax + 1
  outbox.answer('a')
  outbox.answer('b')
  expect(outbox.isFull).toBe(true)
  expect(queue).toMatchObject({ sent: ['large', 'a', 'b'], timesFull: 1 })
})
