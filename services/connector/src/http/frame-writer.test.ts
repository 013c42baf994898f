import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { createFrameWriter, textFrame } from './frame-writer.ts'

test.each([
  [0, [0x81, 0]],
  [125, [0x81, 125]],
  [126, [0x81, 126, 0, 126]],
  [65_535, [0x81, 126, 0xff, 0xff]],
  [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
])('frames %i bytes with the shortest length there is', (length, head) => {
  for (const payload of ['x'.repeat(length), Buffer.alloc(length, 'x')]) {
    const frame = textFrame(payload)
    expect([...frame.subarray(0, head.length)]).toEqual(head)
    expect(frame.subarray(head.length).toString()).toBe('x'.repeat(length))
  }
})

test('counts bytes, not characters', () => {
  expect([...textFrame('é🙂')]).toEqual([0x81, 6, ...Buffer.from('é🙂')])
})

/** A socket that keeps what each call to the kernel would take. */
const recordingSocket = () => {
  const calls: string[] = []
  const socket = new Socket()
  socket._write = (chunk, _, done) => {
    calls.push(String(chunk))
    done()
  }
  socket._writev = (chunks, done) => {
    calls.push(chunks.map(({ chunk }) => String(chunk)).join(''))
    done()
  }
  return { socket, calls }
}

test('what a socket gets in one run goes out in one call, in order', async () => {
  const [one, two] = [recordingSocket(), recordingSocket()]
  const writer = createFrameWriter()
  writer.write(one.socket, 'a')
  writer.write(one.socket, Buffer.from('b'))
  writer.write(two.socket, 'c')
  await new Promise((resolve) => setImmediate(resolve))
  writer.write(one.socket, 'd')
  await new Promise((resolve) => setImmediate(resolve))
  expect(one.calls).toEqual([`${textFrame('a')}${textFrame('b')}`, String(textFrame('d'))])
  expect(two.calls).toEqual([String(textFrame('c'))])
})
