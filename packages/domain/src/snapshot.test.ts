import { createEncoder, type LogEvent, localSchemaIds } from '@chat/schemas'
import {
  at,
  type GivenCommand,
  givenCommands,
  groupCreated,
  groupImported,
  memberLeft,
  messageId,
  messagePosted,
  stored,
  testWire,
  userImported,
  userRegistered,
} from '@chat/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commit, decideBatch, draftLimits, openLog, type StoredCommand } from './batch.ts'
import { membersOfEntryMax } from './group/dump.ts'
import { applyEvent, createPartitionState, type PartitionState } from './partition.ts'
import { openPolicy } from './policy.ts'
import { type Dump, type DumpPart, dumpDelta, dumpFull, loadHead, loadPart, partBytesMax } from './snapshot.ts'
import { windowIdsMax } from './window.ts'

const opened = (): PartitionState => {
  const state = createPartitionState(0, 1, testWire)
  const event = { type: 'LogOpened', partitions: 1, firstId: 1, hash: 'h', at: 0 } as const
  commit(state, openLog(state, event, testWire))
  return state
}

/** What a reader is given: parts made, encoded and decoded. */
const written = (dump: Dump) => {
  const parts = [...dump.parts].map((part) => JSON.parse(JSON.stringify(part)) as DumpPart)
  dump.keep()
  return { head: dump.head, parts }
}
type Written = ReturnType<typeof written>

const loaded = (...dumps: readonly Written[]): PartitionState => {
  const state = createPartitionState(0, 1, testWire)
  for (const { head, parts } of dumps) {
    for (const part of parts) loadPart(state, part, testWire)
    state.head = loadHead(head, 1)
  }
  return state
}

const encoder = createEncoder(localSchemaIds)
const context = { wire: testWire, policy: openPolicy, limits: draftLimits, brokerTimeMs: at(0) }
const day = 86_000_000
const decide = (state: PartitionState, commands: readonly GivenCommand[], first: number) => {
  const numbered = commands.map(
    (given, index): StoredCommand => ({ cmd: first + index, ...given, atMs: given.atMs + (first + index) * day }),
  )
  const draft = decideBatch(numbered, state, context)
  commit(state, draft)
  return draft.events
}

describe('properties', () => {
  const commands = fc.array(givenCommands(), { minLength: 1, maxLength: 20 })
  const steps = fc.array(fc.record({ commands, end: fc.constantFrom('nothing', 'delta', 'discarded', 'full') }), {
    minLength: 1,
    maxLength: 8,
  })

  test('the newest dumps and the events after them give the state that all events give', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const state = opened()
        let dumps = [written(dumpFull(state))]
        let tail: ReturnType<typeof decide> = []
        let cmd = 0
        for (const step of all) {
          tail = [...tail, ...decide(state, step.commands, cmd)]
          cmd += step.commands.length
          if (step.end === 'discarded') {
            const dump = dumpDelta(state)
            dump.discard()
          } else if (step.end !== 'nothing') {
            dumps = step.end === 'full' ? [written(dumpFull(state))] : [...dumps, written(dumpDelta(state))]
            tail = []
          }
          const copy = loaded(...dumps)
          for (const event of tail) expect(applyEvent(copy, event, testWire)).toEqual({ outcome: 'applied' })
          expect(copy).toEqual(state)
          expect([...copy.tables.refusals]).toEqual([...state.tables.refusals])
        }
      }),
      { numRuns: 200 },
    )
  })

  test('a dump holds what was there when it began, whatever happens while it is read', () => {
    fc.assert(
      fc.property(commands, commands, fc.constantFrom('full', 'delta'), (before, meanwhile, kind) => {
        const [state, still] = [opened(), opened()]
        const base = written(dumpFull(state))
        decide(state, before, 0)
        decide(still, before, 0)
        const dump = kind === 'full' ? dumpFull(state) : dumpDelta(state)
        decide(state, meanwhile, before.length)
        const first = written(dump)
        expect(loaded(...(kind === 'full' ? [first] : [base, first]))).toEqual(still)
        expect(loaded(...(kind === 'full' ? [first] : [base, first]), written(dumpDelta(state)))).toEqual(state)
      }),
      { numRuns: 200 },
    )
  })
})

const openedWith = (...events: readonly LogEvent[]) => {
  const state = opened()
  for (const event of events) applyEvent(state, stored(state, event, state.head.resume), testWire)
  return state
}

test('a conversation that was stopped stays stopped', () => {
  const state = openedWith(messagePosted(12, 'd12.57', 1), messagePosted(12, 'd12.57', 3))
  expect(state.tables.conversations.get('d12.57')).toMatchObject({ kind: 'halted' })
  expect(loaded(written(dumpFull(state)))).toEqual(state)
})

test('full windows, names and former members survive', () => {
  const messages = Array.from({ length: windowIdsMax + 20 }, (_, index) =>
    messagePosted(12, 'd12.57', index + 1, { clientMsgId: messageId((index * 7919) % 1000, index) }),
  )
  const state = openedWith(
    ...messages,
    userRegistered(7, 'Ann'),
    groupCreated(1, 12, [57], { normalisedName: 'tea' }),
    groupCreated(2, 12, [57, 58]),
    memberLeft(57, 'g2', 2),
  )
  const copy = loaded(written(dumpFull(state)))
  expect(copy).toEqual(state)
  expect(copy.tables.windows.get('d12.57|12|a0000000-0000-4000-8000-000000000001')?.entries).toHaveLength(
    5 * windowIdsMax,
  )
  expect([...copy.tables.groupNames, ...copy.tables.accounts.keys()]).toEqual([['tea', 1], 'ann'])
  expect(copy.tables.conversations.get('g2')).toMatchObject({ acquainted: new Set([57]) })
})

test('old numbers survive, whole and in a delta, and bind those who have them', () => {
  const state = openedWith(userRegistered(7, 'Ann'), groupCreated(1, 7), userImported(7, 3), groupImported('g1', 3))
  const full = written(dumpFull(state))
  expect(loaded(full)).toEqual(state)
  const later = userImported(7, 4, { dialect: 'unit' })
  applyEvent(state, stored(state, later, state.head.resume), testWire)
  const copy = loaded(full, written(dumpDelta(state)))
  expect(copy).toEqual(state)
  expect([...copy.tables.aliases]).toEqual([
    ['json-to|u7', 3],
    ['json-to|g1', 3],
    ['unit|u7', 4],
  ])
})

test('parts stay below their limit, and a group larger than one is whole again', () => {
  const members = Array.from({ length: membersOfEntryMax + 5 }, (_, index) => 100_000_000 + index)
  const events = Array.from({ length: 1000 }, (_, index) =>
    messagePosted(12, `d12.${100_000 + index}`, 1, { clientMsgId: messageId(index) }),
  )
  const state = openedWith(groupCreated(1, 12, members), ...events, groupCreated(2, 12, members.slice(5)))
  const dump = written(dumpFull(state))
  expect(dump.parts.length).toBeGreaterThan(1)
  for (const part of dump.parts) {
    const record = { type: 'SnapshotPart', dump: 'd', part: 0, ...part } as const
    expect(encoder.encode(record).value.length).toBeLessThanOrEqual(partBytesMax)
  }
  expect(loaded(dump)).toEqual(state)
})

test('an idle conversation takes far less than 400 bytes of a dump, its windows apart', () => {
  const state = openedWith(...Array.from({ length: 100 }, (_, index) => messagePosted(1, `d1.${1_000_000 + index}`, 1)))
  const [part] = written(dumpFull(state)).parts
  const record = { type: 'SnapshotPart', dump: 'd', part: 0, ...(part ?? fail()), windows: [] } as const
  expect(encoder.encode(record).value.length / 100).toBeLessThan(40)
})

test('a day of log time that shrinks windows is in the next delta', () => {
  const state = openedWith(...[1, 2, 3].map((seq) => messagePosted(12, 'd12.57', seq)))
  const full = written(dumpFull(state))
  const later = messagePosted(1, 'd1.2', 1, { at: at(9 * 24 * 60 * 60) })
  applyEvent(state, stored(state, later, state.head.resume), testWire)
  expect(loaded(full, written(dumpDelta(state)))).toEqual(state)
})

const direct = {
  ...{ conversation: 'd1.2', lastSeq: 1, lastAtMs: 1 },
  ...{ friendship: 'none', isBlockedByLo: false, isBlockedByHi: false, pins: [] },
}

test.each<[string, Partial<DumpPart>]>([
  ['a friendship that nobody knows', { directs: [{ ...direct, friendship: 'enemies' }] }],
  ['a direct conversation without its two', { directs: [{ ...direct, conversation: 'g1' }] }],
  ['a part of an id', { windows: [{ key: 'k', lastAtMs: 1, dropped: [-1, -1, -1], ids: [1, 2, 3] }] }],
  [
    'more ids than a window holds',
    { windows: [{ key: 'k', lastAtMs: 1, dropped: [-1, -1, -1], ids: Array(645).fill(1) }] },
  ],
  ['an id without its parts', { windows: [{ key: 'k', lastAtMs: 1, dropped: [], ids: [] }] }],
  ['a refusal that is not remembered', { refusals: [{ key: 'k', code: 'timeout' }] }],
])('%s is refused', (_case, entries) => {
  const part = {
    directs: [],
    groups: [],
    rooms: [],
    halted: [],
    windows: [],
    accounts: [],
    groupNames: [],
    refusals: [],
    deletions: [],
    aliases: [],
    ...entries,
  }
  expect(() => loadPart(createPartitionState(0, 1, testWire), part, testWire)).toThrow()
})

test('nothing leaves a table, and one dump is made at a time', () => {
  const state = openedWith(messagePosted(1, 'd1.2', 1))
  expect(() => state.tables.conversations.delete()).toThrow()
  dumpFull(state)
  expect(() => dumpFull(state)).toThrow()
})

const fail = (): never => {
  throw new Error('there is no part')
}
