import { type StoredEvent, toClient } from './events.ts'
import type { EditsPage, EditsQuery, MessageFacts } from './messages.ts'
import type { Snapshot } from './snapshot.ts'
import { clip, highestOf, type Interval, visibleTo } from './visibility.ts'

/** A message that is there and that this user may see, with his seat. */
const findMessage = async (snapshot: Snapshot, user: number, conversation: string, seq: number) => {
  const seat = await snapshot.seat(user, conversation)
  const visible = seat === undefined ? [] : visibleTo(seat.conversation, seat.stays)
  const highest = highestOf(visible)
  if (seat === undefined || highest === 0) return { highest, seat: undefined, message: undefined, visible }
  return { highest, seat, message: await findThere(snapshot, conversation, seq, visible), visible }
}

const findThere = async (
  snapshot: Snapshot,
  conversation: string,
  seq: number,
  visible: readonly Interval[],
): Promise<StoredEvent | undefined> => {
  const [range] = clip(visible, { from: seq, to: seq })
  const [found] = range === undefined ? [] : await snapshot.events([{ ...range, conversation }], 1, 'first')
  const message = found?.find(({ own_ordinal }) => own_ordinal !== null)
  const [state] = message === undefined ? [] : await snapshot.messageStates([{ conversation, seq }])
  return state === undefined || state.deleted_seq === null ? message : undefined
}

export const messageFacts = async (
  snapshot: Snapshot,
  user: number,
  conversation: string,
  seq: number,
): Promise<MessageFacts> => {
  const { seat, message } = await findMessage(snapshot, user, conversation, seq)
  const { events } = await snapshot.offsets()
  const asOf = seat === undefined ? 0 : (events[seat.conversation.partition] ?? 0)
  return { author: message?.actor ?? null, postedAt: message?.at ?? 0, asOf }
}

/** For somebody who may see everything: the same of a message that is there. */
export const anyMessageFacts = async (snapshot: Snapshot, conversation: string, seq: number): Promise<MessageFacts> => {
  const seat = await snapshot.seat(0, conversation)
  const { events } = await snapshot.offsets()
  if (seat === undefined) return { author: null, postedAt: 0, asOf: 0 }
  const asOf = events[seat.conversation.partition] ?? 0
  const message = await findThere(snapshot, conversation, seq, [{ from: 1, to: seat.conversation.last_seq }])
  return { author: message?.actor ?? null, postedAt: message?.at ?? 0, asOf }
}

/** Oldest first; the message as it was posted is the first of all. */
export const editsPage = async (snapshot: Snapshot, query: EditsQuery): Promise<EditsPage | undefined> => {
  const { user, conversation, seq } = query
  const { highest, message, visible } = await findMessage(snapshot, user, conversation, seq)
  if (highest === 0) return undefined
  if (message === undefined) return 'no_such_message'
  const after = query.after ?? 0
  const range = { conversation, message: seq, from: after + 1, to: highest }
  const edits = await snapshot.edits(range, query.limit + 1)
  const all = after < seq ? [message, ...edits] : edits
  const shown = all.slice(0, query.limit)
  const last = shown.at(-1)
  const items = shown
    .filter((edit) => clip(visible, { from: edit.seq, to: edit.seq }).length > 0)
    .map(toClient)
    .map(({ seq: place, actor, at, data: { body } }) => ({ seq: place, actor, at, body }))
  return all.length > shown.length && last !== undefined ? { items, next: String(last.seq) } : { items }
}
