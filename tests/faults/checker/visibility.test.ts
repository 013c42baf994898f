import { applyEvent, createPartitionState, headersOf } from '@chat/domain'
import type { LogEvent } from '@chat/schemas'
import { groupCreated, messagePosted, roomCreated, stored, testWire } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { HistoryEvent } from '../history.ts'
import { readLog } from './log-facts.ts'
import { canRead, isMemberAt, isMemberAtEnd, visibleTo } from './visibility.ts'

/** The dump of a log of one partition. */
const logged = (...events: readonly LogEvent[]): readonly HistoryEvent[] => {
  const state = createPartitionState(0, 1, testWire)
  return events.map((event, offset) => {
    const record = stored(state, event, offset)
    applyEvent(state, record, testWire)
    const { type, schema, pos, cmd, chain } = headersOf({ ...record, schema: testWire.encode(event).schema })
    const value = Buffer.from(record.value).toString('base64')
    return {
      what: 'logged',
      topic: 'events',
      partition: 0,
      offset,
      appendedMs: 0,
      type,
      schema,
      pos,
      cmd,
      chain,
      value,
    } as HistoryEvent
  })
}

test('everybody may read and write in an online room, and has no cursor there; of a group only members may', () => {
  const { conversations, problems } = readLog(
    logged(roomCreated(1, 9, 'Hall'), messagePosted(5, 'g1', 2), groupCreated(2, 9), messagePosted(9, 'g2', 2)),
  )
  expect(problems).toEqual([])
  const [room, group] = [conversations.get('g1'), conversations.get('g2')]
  if (room === undefined || group === undefined) throw new Error('both are there')
  const seen = (conversation: typeof room, user: number) => ({
    posts: isMemberAt(conversation, user, 2),
    reads: [1, 2, 3].map((seq) => canRead(conversation, user, seq)),
    sees: visibleTo(conversation, user),
    hasCursor: isMemberAtEnd(conversation, user),
  })
  const all = { posts: true, reads: [true, true, false], sees: [{ from: 1, to: 2 }] }
  for (const user of [5, 9, 4711]) expect(seen(room, user)).toEqual({ ...all, hasCursor: false })
  expect(seen(group, 9)).toEqual({ ...all, hasCursor: true })
  expect(seen(group, 5)).toEqual({ posts: false, reads: [false, false, false], sees: [], hasCursor: false })
})
