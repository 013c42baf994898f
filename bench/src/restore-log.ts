import {
  commit,
  createPartitionState,
  type Draft,
  decideBatch,
  draftLimits,
  headersOf,
  openLog,
  openPolicy,
  type PartitionState,
  type StoredCommand,
} from '@chat/domain'
import type { EventLog } from '@chat/event-log'
import { directConversation, groupConversation, type Topics } from '@chat/schemas'
import { bodyOf, createGroup, messageId, postMessage, testWire } from '@chat/testkit'

/** A partition as a busy year would leave it: direct conversations, one of ten a group of five, everybody with a device. */
export interface LogShape {
  readonly events: number
  readonly conversations: number
  readonly textBytes: number
}

/** Appends under way at once. */
const appendsMax = 8
const batchCommands = 800
const groupEvery = 10
const firstUser = 10_000_000
const startedAtMs = 1_790_000_000_000

/** Writes the events of the one partition of `topics`, as its owner would. */
export const createLogFiller = async (log: EventLog, topics: Topics, shape: LogShape) => {
  const state = createPartitionState(0, topics.events.partitions, testWire)
  const underWay = new Set<Promise<void>>()
  let made = 0

  const append = async (draft: Draft): Promise<void> => {
    const records = draft.events.map((event) => ({ key: null, value: event.value, headers: { ...headersOf(event) } }))
    const { baseOffset } = await log.append({ topic: topics.events, partition: 0, records })
    if (baseOffset !== draft.base.nextPos) throw new Error('somebody else writes this log')
  }

  /** Nobody else writes it, so the draft is the state before it is acknowledged. */
  const keep = async (draft: Draft): Promise<void> => {
    commit(state, draft)
    const appended = append(draft)
    underWay.add(appended)
    void appended.then(() => underWay.delete(appended))
    if (underWay.size >= appendsMax) await Promise.race(underWay)
  }

  const event = { type: 'LogOpened', partitions: topics.events.partitions, firstId: 1, hash: 'bench', at: 0 } as const
  await keep(openLog(state, event, testWire))

  return {
    state,
    /** Until the log holds so many. */
    fillTo: async (events: number): Promise<void> => {
      while (state.head.nextPos < events) {
        const count = Math.min(batchCommands, events - state.head.nextPos)
        const batch = Array.from({ length: count }, (_, index) => commandOf(made + index, state, shape))
        const draft = decideBatch(batch, state, {
          wire: testWire,
          policy: openPolicy,
          limits: draftLimits,
          brokerTimeMs: 0,
        })
        if (draft.rejections.length > 0) throw new Error(`refused: ${draft.rejections[0]?.code}`)
        made += draft.taken
        await keep(draft)
      }
      await Promise.all(underWay)
    },
  }
}

/** There is no commands topic behind it: like the opening of a log, its events name no command. */
const causedByNone = -1

const commandOf = (n: number, state: PartitionState, { conversations, textBytes }: LogShape): StoredCommand => {
  const number = n % conversations
  const round = Math.floor(n / conversations)
  const [lo, hi] = [firstUser + 2 * number, firstUser + 2 * number + 1]
  const options = { clientMsgId: messageId(n, n / 50), atMs: startedAtMs + 20 * n }
  const isGroup = number % groupEvery === 0
  if (isGroup && round === 0)
    return { cmd: causedByNone, ...createGroup(lo, { ...options, members: [hi, lo + 2, lo + 3, lo + 4] }) }
  const conversation = isGroup ? groupConversation(1 + number / groupEvery) : directConversation(lo, hi)
  if (isGroup && !state.tables.conversations.has(conversation)) throw new Error(`${conversation} is not there`)
  return {
    cmd: causedByNone,
    ...postMessage(round % 2 === 0 ? lo : hi, conversation, { ...options, body: bodyOf('x'.repeat(textBytes)) }),
  }
}
