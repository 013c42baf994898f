import {
  at,
  bodyOf,
  createGroup,
  given,
  groupCreated,
  messageId,
  messagePosted,
  postMessage,
  registerUser,
  testWire,
} from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { commit, decideBatch, draftLimits, openLog, rebaseCommands, type StoredCommand } from './batch.ts'
import { applyEvent, createPartitionState, headersOf, type Wire } from './partition.ts'
import { openPolicy } from './policy.ts'

const empty = () => createPartitionState(0, 1, testWire)
const context = { wire: testWire, policy: openPolicy, limits: draftLimits, brokerTimeMs: at(0) }
const posts = (count: number, options: Parameters<typeof postMessage>[2] = {}): StoredCommand[] =>
  Array.from({ length: count }, (_, cmd) => ({ cmd, ...postMessage(12, 'd12.57', options) }))

test('events stand at the positions that follow the head, each linked to the one before', () => {
  const state = given(messagePosted(12, 'd12.57', 1)).state
  const { chain } = state.head
  const { events, head } = decideBatch(posts(3), state, context)
  expect(events.map(({ pos, cmd }) => [pos, cmd])).toEqual([
    [1, 0],
    [2, 1],
    [3, 2],
  ])
  expect(events[0]?.chain).toBe(
    testWire.chainOf(chain, { ...events[0], pos: 1, cmd: 0, type: 'MessagePosted' } as never),
  )
  expect([head.nextPos, head.lastPos, head.chain]).toEqual([4, 3, events[2]?.chain])
})

test('a draft changes nothing until it is committed', () => {
  const state = empty()
  const draft = decideBatch(posts(2), state, context)
  expect(state).toEqual(empty())
  commit(state, draft)
  expect(state.tables.conversations.get('d12.57')?.lastSeq).toBe(2)
})

test('a draft that something overtook cannot be committed', () => {
  const state = empty()
  const [first, second] = [decideBatch(posts(1), state, context), decideBatch(posts(1), state, context)]
  commit(state, first)
  expect(() => commit(state, second)).toThrow('decided against')
})

test('all refusals of a batch stand in one event at its end, behind which a restart resumes', () => {
  const commands = [
    postMessage(1, 'g9'),
    postMessage(12, 'd12.57'),
    postMessage(13, 'd12.57'),
    registerUser('ann'),
  ].map((command, index) => ({ cmd: 40 + index, ...command }))
  const { events, head } = decideBatch(commands, empty(), context)
  expect(events.map(({ type, cmd }) => [type, cmd])).toEqual([
    ['MessagePosted', 41],
    ['UserRegistered', 43],
    ['CommandsRejected', 42],
  ])
  expect(events[2]?.event).toMatchObject({
    rejections: [
      { cmd: 40, code: 'no_such_conversation' },
      { cmd: 42, code: 'no_such_conversation' },
    ],
  })
  expect(head.resume).toBe(44)
})

describe('commands that leave nothing on the log', () => {
  const id = messageId(1)
  const first = { cmd: 0, ...postMessage(12, 'd12.57', { clientMsgId: id }) }
  const repeats = (from: number, to: number): StoredCommand[] =>
    Array.from({ length: to - from }, (_, index) => ({
      cmd: from + index,
      ...postMessage(12, 'd12.57', { clientMsgId: id }),
    }))
  const limits = { ...draftLimits, unmarkedCommandsMax: 10 }
  const after = (...batches: readonly (readonly StoredCommand[])[]) => {
    const state = empty()
    const drafts = batches.map((commands) => {
      const draft = decideBatch(commands, state, { ...context, limits })
      if (draft.events.length > 0) commit(state, draft)
      return draft
    })
    return { state, last: drafts.at(-1) }
  }

  test('a restart decides few of them again: in time an event without refusals says that they are done with', () => {
    const { last: few } = after([first], repeats(1, 5), repeats(5, 10))
    expect([few?.events.length, few?.replies.length]).toEqual([0, 5])
    const { state, last } = after([first], repeats(1, 5), repeats(5, 11))
    expect(last?.events).toMatchObject([
      { pos: 1, cmd: 10, type: 'CommandsRejected', event: { rejections: [], at: at(0) } },
    ])
    expect(last?.replies.map(({ reply }) => reply.outcome)).toEqual(Array(6).fill('repeated'))
    expect(state.head.resume).toBe(11)
  })

  test('they count behind what the same batch accepted or refused, and one event serves both', () => {
    const refused = { cmd: 1, ...postMessage(13, 'd12.57') }
    expect(after([first, refused, ...repeats(2, 11)]).state.head.resume).toBe(2)
    const { state, last } = after([first, refused, ...repeats(2, 12)])
    expect(last?.events).toMatchObject([
      { type: 'MessagePosted', cmd: 0 },
      { type: 'CommandsRejected', cmd: 11, event: { rejections: [{ cmd: 1, code: 'no_such_conversation' }] } },
    ])
    expect(state.head.resume).toBe(12)
  })

  test('whoever reads the event takes it for what it is', () => {
    const { last } = after([first], repeats(1, 11))
    const [drafted] = last?.events ?? []
    const { state } = after([first])
    if (drafted === undefined) throw new Error('no event was drafted')
    expect(applyEvent(state, drafted, testWire)).toEqual({ outcome: 'applied' })
    expect([state.head.resume, state.tables.conversations.get('d12.57')?.lastSeq]).toEqual([11, 1])
    expect(headersOf(drafted)).toMatchObject({ cmd: '10', ignorable: 'true' })
  })
})

test('each reply goes to the lease that waits for it', () => {
  const { replies } = decideBatch(
    [{ cmd: 0, ...createGroup(12, { replySlot: 3, replyEpoch: 99, request: 17 }) }],
    empty(),
    context,
  )
  expect(replies).toEqual([
    {
      slot: 3,
      epoch: 99,
      reply: { request: 17, outcome: 'accepted', code: '', conversation: 'g1', seq: 1, pos: 0, at: at(0), id: 1 },
    },
  ])
})

test('a draft closes before the event that exceeds its bytes', () => {
  const limits = { ...draftLimits, bytesMax: 2500 }
  const state = empty()
  const commands = posts(9, { body: bodyOf('x'.repeat(300)) })
  const first = decideBatch(commands, state, { ...context, limits })
  expect(first.taken).toBe(4)
  expect(first.events).toHaveLength(4)
  commit(state, first)
  expect(decideBatch(commands.slice(4), state, { ...context, limits }).events[0]?.event).toMatchObject({ seq: 5 })
})

test('a draft closes at its number of events, the refusals included', () => {
  const limits = { ...draftLimits, eventsMax: 3 }
  const refused = { cmd: 9, ...postMessage(13, 'd12.57') }
  const draft = decideBatch([refused, ...posts(5)], empty(), { ...context, limits })
  expect([draft.taken, draft.events.length]).toEqual([3, 3])
})

test('a draft takes no more refusals than fit its bytes', () => {
  const refused = Array.from({ length: 100 }, (_, cmd) => ({ cmd, ...postMessage(13, 'd12.57') }))
  const { taken, events } = decideBatch(refused, empty(), { ...context, limits: { ...draftLimits, bytesMax: 1000 } })
  expect(taken).toBeLessThan(30)
  expect(events).toHaveLength(1)
})

test('a command that no draft has room for is too large, and the next one goes on', () => {
  const limits = { ...draftLimits, bytesMax: 2000 }
  const commands = [postMessage(12, 'd12.57', { body: bodyOf('x'.repeat(2000)) }), postMessage(12, 'd12.57')]
  const draft = decideBatch(
    commands.map((command, cmd) => ({ cmd, ...command })),
    empty(),
    { ...context, limits },
  )
  expect(draft.rejections).toEqual([{ cmd: 0, code: 'too_large', refused: null }])
  expect(draft.events[0]?.event).toMatchObject({ type: 'MessagePosted', seq: 1 })
})

test('a command that cannot be read is refused in the log and a dead letter', () => {
  const draft = decideBatch([{ cmd: 5, atMs: at(0), undecodable: 'no wire prefix' }, ...posts(1)], empty(), context)
  expect(draft.rejections).toEqual([{ cmd: 5, code: 'invalid', refused: null }])
  expect(draft.deadCommands).toEqual([{ cmd: 5, reason: 'undecodable', detail: 'no wire prefix' }])
  expect(draft.replies).toHaveLength(1)
})

test.each(['encode', 'chainOf', 'parseConversation'] as const)(
  'a throw while a command is decided (%s) costs that command only',
  (broken) => {
    let calls = 0
    const throwsOnce = (...args: never[]) => {
      if (calls++ === 0) throw new Error('a bug')
      return (testWire[broken] as (...args: never[]) => unknown)(...args)
    }
    const wire = { ...testWire, [broken]: throwsOnce } as Wire
    const state = empty()
    const draft = decideBatch(posts(2), state, { ...context, wire })
    expect(draft.rejections).toEqual([{ cmd: 0, code: 'internal', refused: null }])
    expect(draft.deadCommands).toMatchObject([{ cmd: 0, reason: 'internal' }])
    expect(draft.replies[0]?.reply).toMatchObject({ outcome: 'rejected', code: 'internal' })
    expect(draft.events.map(({ event }) => event)).toMatchObject([{ seq: 1 }, { type: 'CommandsRejected' }])
  },
)

test('a command of a type unknown to the domain is refused as internal', () => {
  const command = { ...postMessage(12, 'd12.57').command, type: 'Unheard' } as never
  const draft = decideBatch([{ cmd: 0, atMs: at(0), command }], empty(), context)
  expect(draft.rejections).toEqual([{ cmd: 0, code: 'internal', refused: null }])
})

test('an empty log is opened before the first command, with the least id that it gives', () => {
  const state = createPartitionState(2, 4, testWire)
  const event = { type: 'LogOpened', partitions: 4, firstId: 1000, hash: 'murmur2-utf8-positive', at: at(0) } as const
  commit(state, openLog(state, event, testWire))
  expect(state.head).toMatchObject({ nextPos: 1, resume: 0, nextId: 1003, opened: { partitions: 4, firstId: 1000 } })
  const { events } = decideBatch([{ cmd: 0, ...registerUser('ann') }], state, context)
  expect(events[0]?.event).toMatchObject({ userId: 1003 })
})

test('an event goes to the members before and after it', () => {
  const group = given(groupCreated(1, 12, [57], { normalisedName: 'tea' }))
  const users = (draft: ReturnType<typeof decideBatch>) =>
    draft.events.map(({ audience }) => [...audience.keys()].sort())
  const left = group.when({ command: { ...postMessage(57, 'g1').command, type: 'LeaveGroup' } as never, atMs: at(0) })
  expect(users(left.draft)).toEqual([[12, 57]])
  const next = left.then({ type: 'MemberLeft' }).when(postMessage(12, 'g1'), registerUser('ann'))
  expect(users(next.draft)).toEqual([[12], []])
  expect(users(given().when(postMessage(12, 'd12.57', { clientMsgId: messageId(1) })).draft)).toEqual([[12, 57]])
})

test('commands go on where it is said, forth or back, and the time of who says it is not that of the log', () => {
  const { state } = given(messagePosted(12, 'd12.57', 1))
  const { logTimeMs, resume } = state.head
  for (const next of [resume + 40, 0]) {
    commit(state, rebaseCommands(state, { type: 'CommandsRebased', next, at: at(1_000_000) }, testWire))
    expect(state.head).toMatchObject({ resume: next, logTimeMs })
  }
})
