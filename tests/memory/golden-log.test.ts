import { readdirSync, readFileSync } from 'node:fs'
import { applyEvent, createPartitionState } from '@chat/domain'
import { createMemoryStore } from '@chat/event-log/memory'
import { createProjector } from '@chat/projector'
import { createMemoryReadModels } from '@chat/read-models/memory'
import { createHealth, createMetrics, silentLogger } from '@chat/runtime'
import { createEncoder, createTopics, decodeEvent, localSchemaIds } from '@chat/schemas'
import { createFakeClock, createSeededRandom, testWire } from '@chat/testkit'
import { expect, test } from 'vitest'

/**
 * A log as it was once written, byte for byte: one partition of one, with every version of every event. What it means never changes; a
 * new version is added at its end.
 */
interface GoldenRecord {
  readonly headers: Readonly<Record<'type' | 'schema' | 'pos' | 'cmd' | 'ignorable' | 'chain', string>>
  /** base64 */
  readonly value: string
}

const golden: readonly GoldenRecord[] = JSON.parse(readFileSync(new URL('golden-log.json', import.meta.url), 'utf8'))
const records = golden.map(({ headers, value }) => ({ key: null, headers, value: Buffer.from(value, 'base64') }))

test('the golden log has every version of every event', () => {
  const published = readdirSync(new URL('../../schemas/events/', import.meta.url))
  const written = new Set(golden.map(({ headers }) => `${headers.schema}.avsc`))
  expect(published.filter((file) => !written.has(file))).toEqual([])
})

test('a router reads the golden log to the same state as ever', () => {
  const state = createPartitionState(0, 1, testWire)
  for (const [pos, { headers, value }] of records.entries()) {
    const decoded = decodeEvent(headers.schema, value)
    if (!('record' in decoded)) throw new Error(`${headers.schema}: ${decoded.detail}`)
    const { type, chain } = headers
    const stored = { pos, cmd: Number(headers.cmd), type, chain, value, event: decoded.record }
    expect(applyEvent(state, stored, testWire)).toEqual({ outcome: 'applied' })
  }
  expect(state.head).toMatchObject({
    nextPos: records.length,
    resume: 40, // Its last event says so.
    nextId: 7,
    opened: { partitions: 1, firstId: 1 },
  })
  const { accounts, groupNames, conversations, refusals, deletions, aliases } = state.tables
  expect([...accounts].map(([name, { userId }]) => [name, userId])).toEqual([
    ['ann', 1],
    ['bob', 2],
    ['cem', 3],
  ])
  expect([...groupNames]).toEqual([
    ['tea', 4],
    ['hall', 6],
  ])
  expect([...refusals]).toEqual([
    ['g4|2|a0000000-0000-4000-8000-000000000002|01a0c450-6c00-7000-8000-00000000000c', 'not_member'],
  ])
  expect([...conversations].map(([id, { kind, lastSeq }]) => [id, kind, lastSeq])).toEqual([
    ['d1.2', 'direct', 11],
    ['g4', 'group', 4],
    ['d2.3', 'direct', 7],
    ['g5', 'group', 12],
    ['g6', 'room', 2],
  ])
  expect(conversations.get('d2.3')).toMatchObject({ friendship: 'none', isBlockedByLo: true, isBlockedByHi: false })
  expect(conversations.get('d1.2')).toMatchObject({ pins: [3] })
  expect([...deletions]).toEqual([['d1.2|2', 31]])
  expect([...aliases]).toEqual([
    ['json-to|u1', 7],
    ['json-to|g4', 7],
  ])
  expect(conversations.get('g5')).toMatchObject({
    members: new Map([
      [1, { role: 'owner', joinedSeq: 1, mutedUntilMs: 0 }],
      [2, { role: 'admin', joinedSeq: 1, mutedUntilMs: 0 }],
    ]),
    ...{ acquainted: new Set([3]), isForAdmins: true, isClosed: true, joinPolicy: 'request' },
  })
})

test('a projector reads the golden log to the same views as ever', async () => {
  const clock = createFakeClock(Date.UTC(2027, 0, 1))
  const random = createSeededRandom(1)
  const topics = createTopics({ prefix: 'golden.', partitions: 1, slots: 1 })
  const log = createMemoryStore({ clock }).client()
  await log.append({ topic: topics.events, partition: 0, records })
  const readModels = createMemoryReadModels({ clock, random })
  const projector = createProjector(
    { logPrefix: 'golden.' },
    {
      log,
      topics,
      encoder: createEncoder(localSchemaIds),
      projection: readModels.projection,
      clock,
      random,
      logger: silentLogger,
      health: createHealth(),
      metrics: createMetrics({ withProcess: 'bare' }),
      onFatal: (error) => expect.unreachable(String(error)),
    },
  )
  await projector.start()
  let isThere = false
  const waiting = readModels.waitFor([{ partition: 0, pos: records.length - 1 }], 10_000).then((is) => {
    isThere = is
  })
  await clock.runUntil(() => isThere, 10_000)
  await waiting
  const seen = async (user: number, conversation: string) =>
    (await readModels.history({ user, conversation, limit: 50 }))?.events.map(({ seq, type }) => [seq, type])
  expect(await seen(1, 'd1.2')).toEqual([
    [1, 'messagePosted'],
    [2, 'messagePosted'],
    [3, 'messagePosted'],
    [4, 'reactionAdded'],
    [5, 'reactionAdded'],
    [6, 'reactionRemoved'],
    [7, 'messageEdited'],
    [8, 'messagePinned'],
    [9, 'messagePinned'],
    [10, 'messageUnpinned'],
    [11, 'messageDeleted'],
  ])
  const messages = (await readModels.history({ user: 1, conversation: 'd1.2', before: 4, limit: 3 }))?.events ?? []
  expect(messages.map(({ data }) => data)).toMatchObject([
    { body: { text: 'one' } },
    { deleted: true },
    {
      ...{ body: { text: '4, @bob' }, editedSeq: 7, mentions: [2], replyTo: 2 },
      reactions: [{ emoji: '👍', count: 1, users: [2] }],
    },
  ])
  expect(await seen(2, 'g4')).toEqual([
    [1, 'groupCreated'],
    [2, 'memberJoined'],
    [3, 'messagePosted'],
    [4, 'memberLeft'],
  ])
  expect(await seen(3, 'd2.3')).toEqual([
    [1, 'friendRequested'],
    [2, 'friendWithdrawn'],
    [3, 'friendRequested'],
    [4, 'friendDeclined'],
    [5, 'friendRequested'],
    [6, 'friendAccepted'],
    [7, 'friendRemoved'],
  ])
  expect((await seen(3, 'g5'))?.at(-1)).toEqual([9, 'memberRemoved'])
  expect(await readModels.conversation(2, 'g5')).toMatchObject({ title: 'Cakes', role: 'admin', closed: true })
  expect(await seen(2, 'g6')).toEqual([
    [1, 'groupCreated'],
    [2, 'messagePosted'],
  ])
  expect(await readModels.conversation(2, 'g6')).toMatchObject({ name: 'Hall', membership: 'online', unread: 0 })
  expect((await readModels.userByName('cem'))?.id).toBe(3)
  expect([...(await readModels.idsOfOld('json-to', 'user', [7]))]).toEqual([[7, 1]])
  expect([...(await readModels.oldIdsOf('json-to', 'group', [4]))]).toEqual([[4, 7]])
  const stopping = projector.stop()
  await clock.advance(1000)
  await stopping
})
