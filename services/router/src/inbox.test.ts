import type { StoredRecord } from '@chat/event-log'
import { postMessage } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createInbox, inboxCommandsMax } from './inbox.ts'
import { encoder } from './test-world.ts'

const { schema, value } = encoder.encode(postMessage(1, 'd1.2').command)
const records = (from: number, count: number): StoredRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    offset: from + index,
    timestamp: 0,
    key: null,
    value,
    headers: { schema },
  }))
const { signal } = new AbortController()

const isPending = async (promise: Promise<unknown>): Promise<boolean> => {
  const pending = Symbol()
  return (await Promise.race([promise, new Promise((resolve) => setImmediate(resolve, pending))])) === pending
}

test('a full inbox holds back its reader until there is room', async () => {
  const inbox = createInbox()
  await inbox.push(records(0, inboxCommandsMax - 1), signal)
  const pushing = inbox.push(records(inboxCommandsMax - 1, 1), signal)
  expect(await isPending(pushing)).toBe(true)
  inbox.drop(1)
  await pushing
})

test('records that are too many bytes hold back the reader as well', async () => {
  const inbox = createInbox()
  const large = { ...records(0, 1)[0], value: new Uint8Array(9 * 1024 * 1024) } as StoredRecord
  const pushing = inbox.push([large], signal)
  expect(await isPending(pushing)).toBe(true)
  inbox.dropBefore(1)
  await pushing
})

test('whoever waits for commands is woken by the first', async () => {
  const inbox = createInbox()
  const filled = inbox.filled(signal)
  expect(await isPending(filled)).toBe(true)
  await inbox.push(records(5, 2), signal)
  await filled
  expect(inbox.waiting().map(({ cmd }) => cmd)).toEqual([5, 6])
})

test('commands stay until they are dropped, from the first', async () => {
  const inbox = createInbox()
  await inbox.push(records(5, 4), signal)
  inbox.dropBefore(6)
  inbox.drop(1)
  expect(inbox.waiting().map(({ cmd }) => cmd)).toEqual([7, 8])
  inbox.dropBefore(100)
  expect(inbox.waiting()).toEqual([])
})

test('a stop wakes both sides', async () => {
  const stop = new AbortController()
  const inbox = createInbox()
  const filled = inbox.filled(stop.signal)
  const full = createInbox()
  const pushing = full.push(records(0, inboxCommandsMax), stop.signal)
  stop.abort()
  await Promise.all([filled, pushing])
})
