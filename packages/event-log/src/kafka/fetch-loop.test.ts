import type { Topic } from '@chat/schemas'
import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createCursor } from './cursor.ts'
import { createFetchLoop, type Trouble } from './fetch-loop.ts'
import type { Link } from './link.ts'

const topic: Topic = { name: 'chat.events.v1', kind: 'events', partitions: 1 }

test('a loop that is stopped while it connects closes the connection that comes, and asks nothing over it', async () => {
  const clock = createFakeClock(0)
  const connected = Promise.withResolvers<Link>()
  const sent: unknown[] = []
  let isOpen = true
  const troubles: Trouble[] = []
  const loop = createFetchLoop({
    topic,
    maxWaitMs: 100,
    open: () => connected.promise,
    epochOf: () => 0,
    onTrouble: (_, trouble) => troubles.push(trouble),
    onServed: () => {},
  })
  const cursor = createCursor({
    topic,
    partition: 0,
    from: 0,
    to: undefined,
    clock,
    onWanting: () => loop.wake(),
    onClosed: () => {},
  })
  void cursor.records(new AbortController().signal).next()
  loop.add(cursor)
  await clock.settle()
  loop.stop()
  connected.resolve({
    nodeId: 1,
    address: { host: 'h', port: 1 },
    isOpen: () => isOpen,
    send: async (call) => {
      sent.push(call)
      return [] as never
    },
    run: () => Promise.reject(new Error('not used')),
    destroy: () => {
      isOpen = false
    },
  })
  await clock.settle()
  expect([isOpen, sent]).toEqual([false, []])
  expect(troubles).toMatchObject([{ code: 'lost', fault: { code: 'log_unavailable' } }])
})
