import {
  type AddressedReply,
  acceptedReply,
  audienceNow,
  audienceOfAccount,
  type Deliverable,
  isOfConversation,
  type PartitionState,
  reachOf,
  rejectedReply,
} from '@chat/domain'
import type { EventLog } from '@chat/event-log'
import type { LogEvent, Topics } from '@chat/schemas'
import type { BrokerTime } from './broker-time.ts'
import type { LoggedEvent } from './event-reader.ts'
import type { Outcome } from './fan-out.ts'
import { readCommand } from './inbox.ts'

/** What another owner wrote and may not have told: at most so many events … */
export const againEventsMax = 5000
/** … no older than this before the newest sight of the brokers' clock, ms: clients sync at least as often. */
export const againAgeMaxMs = 2 * 60 * 1000
/** Commands that are read to answer again; more than the events, since not every command made one. */
const againCommandsMax = 10_000

/** The newest events that somebody else wrote, told once more: to whom they concern, and to who asked for them. */
export interface Takeover {
  note(event: LoggedEvent): void
  /** What was noted is known to be told. */
  forget(): void
  /** Nothing is noted: there is nothing to tell. */
  isEmpty(): boolean
  outcome(signal: AbortSignal): Promise<Outcome>
}

interface Ports {
  readonly log: EventLog
  readonly topics: Topics
  readonly brokerTime: BrokerTime
}

export const createTakeover = (state: PartitionState, { log, topics, brokerTime }: Ports): Takeover => {
  const { partition } = state
  let noted: LoggedEvent[] = []

  const recent = (): readonly LoggedEvent[] => {
    // As far as we know the brokers' clock it is never ahead of them, so nothing younger is left out, whatever our own clock says.
    const sinceMs = brokerTime.nowMs() - againAgeMaxMs
    const from = Math.max(0, noted.length - againEventsMax)
    // A command's reply names its first event: of one whose first is left out nothing is told.
    const cut = noted[from - 1]?.cmd
    return noted.slice(from).filter(({ timestamp, cmd }) => timestamp >= sinceMs && cmd !== cut)
  }

  /** Whoever asked may still wait: a reply that was given already is ignored. */
  const repliesFor = async (events: readonly LoggedEvent[], signal: AbortSignal): Promise<AddressedReply[]> => {
    const outcomes = outcomesOf(events)
    if (outcomes.size === 0) return []
    let [first, last] = [Number.POSITIVE_INFINITY, -1]
    // One event lists the refusals of a whole batch: there may be more than a call takes arguments.
    for (const cmd of outcomes.keys()) [first, last] = [Math.min(first, cmd), Math.max(last, cmd)]
    const beginning = (await log.beginnings(topics.commands)).get(partition) ?? 0
    const end = (await log.ends(topics.commands)).get(partition) ?? 0
    const from = Math.max(beginning, last + 1 - againCommandsMax, first)
    const to = Math.min(end, last + 1)
    const replies: AddressedReply[] = []
    if (from >= to) return replies
    for await (const records of log.read(topics.commands, partition, from, to, signal))
      for (const command of records.map(readCommand)) {
        const outcome = outcomes.get(command.cmd)
        if (outcome === undefined || !('command' in command)) continue
        replies.push(
          'code' in outcome
            ? rejectedReply(command.command, outcome.code)
            : acceptedReply(command.command, outcome.events),
        )
      }
    return replies
  }

  return {
    note: (event) => {
      noted.push(event)
      if (noted.length >= 2 * againEventsMax) noted = noted.slice(-againEventsMax - 1)
    },
    forget: () => {
      noted = []
    },
    isEmpty: () => noted.length === 0,
    outcome: async (signal) => {
      const events = recent()
      const replies = await repliesFor(events, signal)
      return { replies, events: events.flatMap((event) => deliverableOf(event, state)) }
    },
  }
}

const deliverableOf = ({ event, pos, schema, value }: LoggedEvent, state: PartitionState): readonly Deliverable[] => {
  const concerned = event === undefined ? undefined : audienceOfAccount(event)
  if (concerned !== undefined) return [{ pos, schema, value, audience: concerned }]
  if (!isOfConversation(event)) return []
  const conversation = state.tables.conversations.get(event.conversation)
  return [{ pos, schema, value, audience: audienceNow(event, conversation), reach: reachOf(event, conversation) }]
}

type Answer = { readonly code: string } | { readonly events: { readonly pos: number; readonly event: LogEvent }[] }

const outcomesOf = (events: readonly LoggedEvent[]): ReadonlyMap<number, Answer> => {
  const outcomes = new Map<number, Answer>()
  for (const { event, cmd, pos } of events) {
    if (event === undefined || event.type === 'LogOpened') continue
    if (event.type === 'CommandsRebased') {
      outcomes.clear() // Other commands stand now where those stood.
      continue
    }
    if (event.type === 'CommandsRejected') {
      for (const rejection of event.rejections) outcomes.set(rejection.cmd, { code: rejection.code })
      continue
    }
    const known = outcomes.get(cmd)
    if (known !== undefined && 'events' in known) known.events.push({ pos, event })
    else outcomes.set(cmd, { events: [{ pos, event }] })
  }
  return outcomes
}
