import {
  commit,
  createPartitionState,
  decideBatch,
  draftLimits,
  headersOf,
  openLog,
  openPolicy,
  type PartitionState,
} from '@chat/domain'
import type { EventLog, NewRecord } from '@chat/event-log'
import type { Topics } from '@chat/schemas'
import { at, type GivenCommand } from '@chat/testkit'
import { encoder } from './test-world.ts'
import { wireOf } from './wire.ts'

const wire = wireOf(encoder)
const opened = { type: 'LogOpened', firstId: 1, hash: 'h', at: 0 } as const

/** Writes the events of a partition as its owner does, without any commands topic, and knows the state. */
export const createHistory = async (log: EventLog, topics: Topics, partition = 0) => {
  const { partitions } = topics.events
  const state = createPartitionState(partition, partitions, wire)
  let nextCmd = 0

  const keep = async (draft: ReturnType<typeof decideBatch>): Promise<void> => {
    const records = draft.events.map(
      (event): NewRecord => ({ key: null, value: event.value, headers: { ...headersOf(event) } }),
    )
    if (records.length > 0) await log.append({ topic: topics.events, partition, records })
    commit(state, draft)
  }
  await keep(openLog(state, { ...opened, partitions }, wire))

  return {
    state,
    add: async (given: readonly GivenCommand[]): Promise<void> => {
      for (let rest = given; rest.length > 0; ) {
        const batch = rest.map((command, index) => ({ cmd: nextCmd + index, ...command }))
        const draft = decideBatch(batch, state, { wire, policy: openPolicy, limits: draftLimits, brokerTimeMs: at(0) })
        await keep(draft)
        nextCmd += draft.taken
        rest = rest.slice(draft.taken)
      }
    },
    /** A record that does not stand where it was meant to: it takes up a position. */
    addInvalid: async (): Promise<void> => {
      const headers = { type: 'MessagePosted', schema: 'message-posted.v1', pos: '-1', cmd: '0', chain: '' }
      await log.append({ topic: topics.events, partition, records: [{ key: null, value: null, headers }] })
      state.head = { ...state.head, nextPos: state.head.nextPos + 1 }
    },
  }
}

export const emptyState = (topics: Topics, partition = 0): PartitionState =>
  createPartitionState(partition, topics.events.partitions, wire)
