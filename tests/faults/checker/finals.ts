import type { DumpSource, EventColumns, HistoryEvent } from '../history.ts'
import { eventAt, type LogFacts, type LoggedConversation, type LoggedEvent } from './log-facts.ts'
import { canBeShownAs, printAt } from './versions.ts'
import { isMemberAtEnd, visibleTo } from './visibility.ts'

/** Where what somebody holds at the end differs from the log. */
export interface FinalDifference {
  /** `missing`: he may see it and has it not. `foreign`: he has it and may not, or nobody has. `other`: not what the log says. `disorder`: not ascending. */
  readonly kind: 'missing' | 'foreign' | 'other' | 'disorder'
  /** Whose: `device …` or `history of user …`. */
  readonly holder: string
  readonly conversation: string
  readonly seq: number
  /** What the log has there. */
  readonly event: LoggedEvent | undefined
}

/** Further ones say nothing new. */
const differencesMax = 1000

/** Compares every device's final state and every user's history with the log, in one walk over both. */
export const compareFinals = (
  history: readonly HistoryEvent[],
  log: LogFacts,
  userOf: ReadonlyMap<string, number>,
  dumped: ReadonlySet<DumpSource>,
): readonly FinalDifference[] => {
  const differences: FinalDifference[] = []
  const held = new Set<string>()
  for (const line of history) {
    if (line.what !== 'deviceState' && line.what !== 'userHistory') continue
    const isDevice = line.what === 'deviceState'
    const holder = isDevice ? `device ${line.device}` : `history of user ${line.user}`
    const user = isDevice ? (userOf.get(line.device) ?? 0) : line.user
    held.add(`${holder} ${line.conversation}`)
    const conversation = log.conversations.get(line.conversation)
    // Who left is told of what he missed only if he asks: a device answers for what it believes to have.
    const coveredTo =
      isDevice && !(conversation !== undefined && isMemberAtEnd(conversation, user)) ? line.coveredTo : undefined
    const isRight = isDevice ? wasShownTo(conversation, user) : isShownTo(conversation, user)
    compare(differences, { holder, user, id: line.conversation, conversation, columns: line, coveredTo, isRight })
  }
  const nothing: EventColumns = { seqs: [], clientMsgIds: [], prints: [] }
  const users = new Set(userOf.values())
  for (const conversation of log.conversations.values()) {
    const missing = (holder: string, user: number) => {
      if (!isMemberAtEnd(conversation, user) || held.has(`${holder} ${conversation.id}`)) return
      const isRight = () => false // It holds nothing.
      const all = { coveredTo: undefined, isRight }
      compare(differences, { holder, user, id: conversation.id, conversation, columns: nothing, ...all })
    }
    if (dumped.has('devices')) for (const [device, user] of userOf) missing(`device ${device}`, user)
    if (dumped.has('histories')) for (const user of users) missing(`history of user ${user}`, user)
  }
  return differences
}

interface Held {
  readonly holder: string
  readonly user: number
  readonly id: string
  readonly conversation: LoggedConversation | undefined
  readonly columns: EventColumns
  /** Only up to here something can be missing; undefined: to the end. */
  readonly coveredTo: number | undefined
  /** Whether the event may have this print. */
  readonly isRight: IsRight
}

type IsRight = (event: LoggedEvent, print: number) => boolean

/** A device keeps what it was shown: what happened to a message since are events of their own. */
const wasShownTo = (conversation: LoggedConversation | undefined, user: number): IsRight => {
  if (conversation === undefined) return () => false
  return (event, print) => canBeShownAs(conversation, event, print, { from: event.seq, user })
}

/** The whole history gives everything as it is now. */
const isShownTo = (conversation: LoggedConversation | undefined, user: number): IsRight => {
  if (conversation === undefined) return () => false
  const look = { asOf: conversation.lastSeq, highest: visibleTo(conversation, user).at(-1)?.to ?? 0 }
  return (event, print) => print === printAt(conversation, event, look)
}

const compare = (differences: FinalDifference[], held: Held): void => {
  const { holder, user, id, conversation, columns, coveredTo, isRight } = held
  const add = (kind: FinalDifference['kind'], seq: number, event: LoggedEvent | undefined) => {
    if (differences.length < differencesMax) differences.push({ kind, holder, conversation: id, seq, event })
  }
  const { seqs, clientMsgIds, prints } = columns
  const intervals = conversation === undefined ? [] : visibleTo(conversation, user)
  let index = 0
  let before = 0
  const foreignBelow = (limit: number) => {
    for (let seq = seqs[index]; seq !== undefined && seq < limit; seq = seqs[++index]) {
      if (seq <= before) add('disorder', seq, undefined)
      else add('foreign', seq, eventAt(conversation, seq))
      before = Math.max(before, seq)
    }
  }
  for (const { from, to } of intervals)
    for (let expected = from; expected <= to; expected++) {
      const event = eventAt(conversation, expected)
      if (event === undefined) continue // A gap in the log is told once, where the log is looked at.
      foreignBelow(expected)
      if (seqs[index] !== expected) {
        if (coveredTo === undefined || expected <= coveredTo) add('missing', expected, event)
        continue
      }
      const isSame = clientMsgIds[index] === event.clientMsgId && isRight(event, prints[index] ?? 0)
      if (!isSame) add('other', expected, event)
      before = expected
      index++
    }
  foreignBelow(Number.POSITIVE_INFINITY)
}
