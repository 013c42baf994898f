import {
  at,
  createGroup,
  type GivenCommand,
  given,
  givenCommands,
  groupCreated,
  memberLeft,
  messageId,
  messagePosted,
  postMessage,
  stored,
  testWire,
} from '@chat/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commit, type DraftEvent, decideBatch, draftLimits, type StoredCommand } from './batch.ts'
import { applyEvent, createPartitionState, type PartitionState, passInvalid } from './partition.ts'
import { openPolicy } from './policy.ts'
import { audienceOfAccount, everybody } from './route.ts'

const empty = () => createPartitionState(0, 1, testWire)
const day = 24 * 60 * 60

describe('a log that does not fit', () => {
  test('an event whose chain differs means that the log was cut: nothing is applied', () => {
    const { state } = given(messagePosted(12, 'd12.57', 1))
    const next = stored(state, messagePosted(12, 'd12.57', 2), 1)
    const before = state.head
    expect(applyEvent(state, { ...next, chain: '0123456789abcdef' }, testWire)).toEqual({ outcome: 'cut' })
    expect(applyEvent(state, { ...next, cmd: 7 }, testWire)).toEqual({ outcome: 'cut' })
    expect(state.head).toBe(before)
    expect(applyEvent(state, next, testWire)).toEqual({ outcome: 'applied' })
  })

  test('an event that cannot be applied stops its conversation, and no other', () => {
    const { state } = given(messagePosted(12, 'd12.57', 1), groupCreated(1, 12, [57]))
    const hole = stored(state, messagePosted(12, 'd12.57', 3), 2)
    expect(applyEvent(state, hole, testWire)).toMatchObject({ outcome: 'contained' })
    const after = stored(state, messagePosted(57, 'g1', 2), 3)
    expect(applyEvent(state, after, testWire)).toEqual({ outcome: 'applied' })
    expect(state.head).toMatchObject({ nextPos: 4, lastPos: 3, resume: 4 })
    const commands = [postMessage(12, 'd12.57'), postMessage(12, 'g1')].map((command, i) => ({
      cmd: 4 + i,
      ...command,
    }))
    const draft = decideBatch(commands, state, {
      wire: testWire,
      policy: openPolicy,
      limits: draftLimits,
      brokerTimeMs: at(0),
    })
    expect(draft.rejections).toEqual([{ cmd: 4, code: 'internal', refused: null }])
    expect(draft.events[0]?.event).toMatchObject({ conversation: 'g1', seq: 3 })
  })

  test('a group whose creation cannot be applied keeps its name from others', () => {
    const { state } = given()
    const broken = groupCreated(1, 12, [57], { normalisedName: 'tea', clientMsgId: 'no UUID' })
    expect(applyEvent(state, stored(state, broken, 0), testWire)).toMatchObject({ outcome: 'contained' })
    const commands = [createGroup(13, { normalisedName: 'tea' }), createGroup(13)].map((command, i) => ({
      cmd: 1 + i,
      ...command,
    }))
    const draft = decideBatch(commands, state, {
      wire: testWire,
      policy: openPolicy,
      limits: draftLimits,
      brokerTimeMs: at(0),
    })
    expect(draft.rejections).toEqual([{ cmd: 1, code: 'name_taken', refused: null }])
    expect(draft.events[0]?.event).toMatchObject({ groupId: 2 })
  })

  test('records that are not valid only take up positions', () => {
    const { state } = given(messagePosted(12, 'd12.57', 1))
    const { chain } = state.head
    passInvalid(state, 1)
    expect(state.head).toMatchObject({ nextPos: 2, lastPos: 0, chain })
  })

  test('an event of an unknown type that may be ignored keeps its place in the chain', () => {
    const { state } = given()
    const value = Buffer.from('\0\0\0\0\0?')
    const chain = testWire.chainOf(state.head.chain, { pos: 0, type: 'Unheard', cmd: 3, value })
    const unknown = { pos: 0, cmd: 3, type: 'Unheard', value, chain, event: undefined }
    expect(applyEvent(state, unknown, testWire)).toEqual({ outcome: 'applied' })
    expect(state.head).toMatchObject({ nextPos: 1, chain, resume: 4 })
  })
})

test('idle windows give their memory back once a day of log time', () => {
  const messages = [1, 2, 3].map((seq) => messagePosted(12, 'd12.57', seq, { clientMsgId: messageId(seq) }))
  const { state } = given(...messages, messagePosted(1, 'd1.2', 1, { at: at(9 * day) }))
  expect([...state.tables.windows.values()].map(({ entries }) => entries.length)).toEqual([5, 5])
})

test('a draft that spans idle days comes to the same as its events one by one', () => {
  const post = (n: number, days: number, conversation = 'd12.57') =>
    postMessage(12, conversation, { clientMsgId: messageId(n), atMs: at(days * day) })
  const commands = [post(1, 0), post(2, 0), post(1, 10, 'd1.12'), post(3, 10), post(1, 10)]
  const [committed, folded] = [empty(), empty()]
  const draft = decideBatch(
    commands.map((command, cmd) => ({ cmd, ...command })),
    committed,
    { wire: testWire, policy: openPolicy, limits: draftLimits, brokerTimeMs: at(0) },
  )
  expect(draft.rejections).toEqual([{ cmd: 4, code: 'too_late', refused: null }])
  commit(committed, draft)
  for (const event of draft.events) applyEvent(folded, event, testWire)
  expect(committed).toEqual(folded)
})

describe('properties', () => {
  const command = givenCommands()
  const numbered = (commands: readonly GivenCommand[], first = 0): StoredCommand[] =>
    commands.map((given, index) => ({ cmd: first + index, ...given, atMs: given.atMs + (first + index) * 86_000_000 }))
  /** Batches of a log: how many commands each draft is offered. */
  const batches = fc.array(fc.array(command, { minLength: 1, maxLength: 40 }), { maxLength: 4 })
  const context = { wire: testWire, policy: openPolicy, limits: { ...draftLimits, eventsMax: 24 }, brokerTimeMs: at(0) }

  const run = (state: PartitionState, commands: readonly StoredCommand[]): DraftEvent[] => {
    const events: DraftEvent[] = []
    for (let rest = commands; rest.length > 0; ) {
      const draft = decideBatch(rest, state, context)
      expect(draft.taken).toBeGreaterThan(0)
      expect(draft.events.length).toBeLessThanOrEqual(context.limits.eventsMax)
      commit(state, draft)
      events.push(...draft.events)
      rest = rest.slice(draft.taken)
    }
    return events
  }

  test('folding what was committed gives the committed state, and never throws', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const [committed, folded] = [empty(), empty()]
        let cmd = 0
        for (const batch of all) {
          for (const event of run(committed, numbered(batch, cmd)))
            expect(applyEvent(folded, event, testWire)).toEqual({ outcome: 'applied' })
          cmd += batch.length
          expect(folded).toEqual(committed)
          expect([...folded.tables.refusals]).toEqual([...committed.tables.refusals])
        }
      }),
      { numRuns: 150 },
    )
  })

  test('commands seen again have no second effect', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const state = empty()
        const first = run(state, numbered(commands))
        const accepted = new Set(first.filter(({ type }) => type !== 'CommandsRejected').map(({ cmd }) => cmd))
        const again = numbered(commands).filter(({ cmd }) => accepted.has(cmd))
        const draft = decideBatch(again, state, { ...context, limits: draftLimits })
        expect(draft.events.filter(({ type }) => type !== 'CommandsRejected')).toEqual([])
        for (const { reply } of draft.replies) expect(['repeated', 'too_late']).toContain(reply.code || reply.outcome)
      }),
      { numRuns: 150 },
    )
  })

  test('seq is dense in every conversation, whatever is repeated and interleaved', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20 }), fc.array(fc.nat(19), { maxLength: 60 }), (commands, order) => {
        const last = new Map<string, number>()
        const chosen = order.flatMap((index) => commands[index] ?? [])
        for (const { event } of run(empty(), numbered(chosen))) {
          if (!('conversation' in event) || event.seq === null) continue
          expect(event.seq).toBe((last.get(event.conversation) ?? 0) + 1)
          last.set(event.conversation, event.seq)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('no event goes to somebody who is no member before or after it, and none misses one who is', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const members = new Map<string, Set<number>>()
        const rooms = new Set<string>()
        for (const { event, audience } of run(empty(), numbered(commands))) {
          if (!('conversation' in event)) {
            // Who is told of an account is tested with it: nobody but him, or everybody.
            expect(audience).toEqual(audienceOfAccount(event) ?? new Set())
            continue
          }
          if (event.seq === null) {
            expect([...audience.keys()]).toEqual([event.actor])
            continue
          }
          if (event.type === 'GroupCreated' && event.membership === 'online') rooms.add(event.conversation)
          if (rooms.has(event.conversation)) {
            expect(audience).toBe(everybody)
            continue
          }
          const before = members.get(event.conversation) ?? new Set()
          const now = new Set(before)
          if (event.type === 'GroupCreated') for (const member of [event.actor, ...event.members]) now.add(member)
          if (event.type === 'MemberJoined') now.add(event.user)
          if (event.type === 'MemberLeft') now.delete(event.user)
          if (event.conversation.startsWith('d'))
            for (const party of event.conversation.slice(1).split('.')) now.add(Number(party))
          members.set(event.conversation, now)
          expect(new Set(audience.keys())).toEqual(new Set([...before, ...now]))
        }
      }),
      { numRuns: 150 },
    )
  })
})

test('who left a private group is remembered, a public group forgets', () => {
  const members = (normalisedName: string | null) =>
    given(groupCreated(1, 12, [57], { normalisedName }), memberLeft(57, 'g1', 2)).state.tables.conversations.get('g1')
  expect(members(null)).toMatchObject({ acquainted: new Set([57]) })
  expect(members('tea')).toMatchObject({ acquainted: new Set() })
})
