import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { Inbox } from './inbox.ts'
import type { Line, LineAnswer, Push } from './line.ts'

const conversation = 'd1.2'
const eventOf = (seq: number) => ({
  ...{ conversation, seq, type: 'messagePosted', actor: 2, at: new Date(seq * 1_000).toISOString(), data: {} },
})
const pushOf = (seq: number): Push => ({ op: 'event', ...eventOf(seq) })

/** An inbox whose conversation has events up to `last`, of which those up to `read` were read; `meanwhile` are pushed while its sync is on the way. */
const openInbox = async (has: { last: number; read: number; meanwhile?: readonly number[] }) => {
  const clock = createFakeClock(0)
  const asked: string[] = []
  const shown: number[] = []
  const ask = async (op: string, fields: object): Promise<LineAnswer> => {
    asked.push(op)
    const { after = 0, limit = 50 } = fields as { after?: number; limit?: number }
    if (op === 'sync') {
      const synced = { id: conversation, to: world.last, lastSeq: world.last, readSeq: has.read }
      for (const seq of has.meanwhile ?? []) {
        world.last = seq
        inbox.hear(pushOf(seq))
      }
      return { op: 'ok', ref: 1, conversations: [synced], token: 't', hasMore: false }
    }
    const to = Math.min(after + limit, world.last)
    const events = Array.from({ length: to - after }, (_, n) => eventOf(after + n + 1))
    return { op: 'ok', ref: 1, events, from: after, to, hasMore: to < world.last }
  }
  const line: Line = { ask, request: ask, newClientMsgId: () => '', close: () => {}, isOpen: true }
  const world = { last: has.last }
  const inbox: Inbox = new Inbox({
    ...{ line, clock, random: createSeededRandom(1) },
    show: async ({ event }) => void shown.push(event.seq),
    onFailed: (error) => expect.unreachable(String(error)),
  })
  expect(await inbox.open()).toBe(true)
  inbox.run()
  await clock.settle()
  const hear = async (...seqs: readonly number[]) => {
    for (const seq of seqs) {
      world.last = Math.max(world.last, seq)
      inbox.hear(pushOf(seq))
    }
    await clock.settle()
  }
  return { asked, shown, hear, clock, world, inbox }
}

const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

test('everything unread is shown in order, over any number of pages', async () => {
  const { shown } = await openInbox({ last: 170, read: 20 })
  expect(shown).toEqual(upTo(21, 170))
})

test('what was pushed before the sync was answered is shown after what it gave', async () => {
  const [behind, upToDate] = [
    await openInbox({ last: 5, read: 3, meanwhile: [5, 6] }),
    await openInbox({ last: 5, read: 5, meanwhile: [5, 6] }),
  ]
  expect([behind.shown, upToDate.shown]).toEqual([[4, 5, 6], [6]])
})

test('pushes in order are shown without asking; one that comes twice is shown once', async () => {
  const { shown, hear, asked } = await openInbox({ last: 5, read: 5 })
  await hear(6, 7, 7, 6, 8)
  expect(shown).toEqual([6, 7, 8])
  expect(asked).toEqual(['sync'])
})

test('what a push skipped is fetched before it is shown', async () => {
  const { shown, hear } = await openInbox({ last: 5, read: 5 })
  await hear(6, 9, 8)
  expect(shown).toEqual([6, 7, 8, 9])
})

test('what no push came for is found by the next sync, and at once when pushes were dropped', async () => {
  const { shown, world, inbox, clock } = await openInbox({ last: 5, read: 5 })
  world.last = 7
  await clock.advance(150_000)
  expect(shown).toEqual([6, 7])
  world.last = 8
  inbox.hear({ op: 'resync' })
  await clock.settle()
  expect(shown).toEqual([6, 7, 8])
})
