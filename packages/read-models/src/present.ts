import type { ClientEvent } from '@chat/schemas'
import type { StoredConversation } from './conversations.ts'
import { bytesOf, type StoredEvent, toClient } from './events.ts'
import { contentOf, type StoredMessageState } from './message-states.ts'
import type { ReactionCount } from './reactions.ts'
import type { Snapshot } from './snapshot.ts'

/** Events of one conversation, for somebody who sees it up to `highest`. */
export interface SeenEvents {
  readonly conversation: Pick<StoredConversation, 'id' | 'acts'>
  readonly highest: number
  readonly events: readonly StoredEvent[]
}

/** An event as it is given out, and what it takes in a page, bytes. */
export interface Presented {
  readonly event: ClientEvent
  readonly bytes: number
}

/**
 * Messages in their present state. Who left sees them as they were at the end of his stay, but what was deleted is gone for him too, and
 * with it what its edits said. Where nothing ever happened to a message this asks nothing.
 */
export const present = async (
  snapshot: Snapshot,
  user: number,
  seen: readonly SeenEvents[],
): Promise<readonly (readonly Presented[])[]> => {
  const concerned = seen.filter(({ conversation }) => conversation.acts > 0)
  const spots = concerned.flatMap(({ events }) => events.flatMap(messageSpot))
  const states = new Map<string, StoredMessageState>()
  if (spots.length > 0) for (const state of await snapshot.messageStates(spots)) states.set(spotKey(state), state)
  const reactedSpots = concerned.flatMap(({ events, highest }) =>
    events.filter(isMessage).map(({ conversation, seq }) => ({ conversation, seq, to: highest })),
  )
  const reactions = new Map<string, readonly ReactionCount[]>()
  if (reactedSpots.length > 0)
    for (const [index, found] of (await snapshot.reactions(user, reactedSpots)).entries()) {
      const spot = reactedSpots[index]
      if (spot !== undefined && found.length > 0) reactions.set(spotKey(spot), found)
    }
  const edits = await editsSeen(snapshot, concerned, states)
  return seen.map(({ events, highest }) =>
    events.map((event) => {
      const [spot] = messageSpot(event)
      const key = spot === undefined ? '' : spotKey(spot)
      const state = stateUpTo(states.get(key), highest, edits.get(key))
      return presented(event, state, isMessage(event) ? reactions.get(key) : undefined)
    }),
  )
}

interface MessageSpot {
  readonly conversation: string
  readonly seq: number
}

const spotKey = ({ conversation, seq }: MessageSpot): string => `${conversation}|${seq}`

const isMessage = ({ own_ordinal }: StoredEvent): boolean => own_ordinal !== null

/** The message whose state decides how the event is shown. */
const messageSpot = (event: StoredEvent): readonly MessageSpot[] => {
  const { conversation, seq, about } = event
  if (isMessage(event)) return [{ conversation, seq }]
  return event.type === 'messageEdited' && about !== null ? [{ conversation, seq: about }] : []
}

/** Where the last edit of a message is one that he may not see: the last that he may. */
const editsSeen = async (
  snapshot: Snapshot,
  concerned: readonly SeenEvents[],
  states: ReadonlyMap<string, StoredMessageState>,
): Promise<ReadonlyMap<string, StoredEvent>> => {
  const spots = concerned.flatMap(({ events, highest }) =>
    events.flatMap(messageSpot).flatMap((spot) => {
      const edited = states.get(spotKey(spot))?.edited_seq ?? 0
      return edited > highest ? [{ ...spot, to: highest }] : []
    }),
  )
  if (spots.length === 0) return new Map()
  const found = await snapshot.lastEdits(spots)
  return new Map(found.map((edit) => [spotKey({ conversation: edit.conversation, seq: edit.about ?? 0 }), edit]))
}

const stateUpTo = (
  state: StoredMessageState | undefined,
  highest: number,
  edit: StoredEvent | undefined,
): StoredMessageState | undefined => {
  if (state?.edited_seq == null || state.edited_seq <= highest) return state
  if (edit === undefined) return undefined
  return { ...state, edited_seq: edit.seq, content: JSON.stringify(contentOf(toClient(edit).data)) }
}

const presented = (
  stored: StoredEvent,
  state: StoredMessageState | undefined,
  reactions: readonly ReactionCount[] | undefined,
): Presented => {
  const event = toClient(stored)
  const isDeleted = state !== undefined && state.deleted_seq !== null
  if (isDeleted) return sized({ ...event, data: withoutContent(event.data) })
  const isEdited = isMessage(stored) && state?.edited_seq != null
  if (!isEdited && reactions === undefined) return { event, bytes: bytesOf(stored) }
  const { mentions: _posted, ...data } = event.data
  return sized({
    ...event,
    data: {
      ...(isEdited ? { ...data, ...JSON.parse(state.content ?? '{}'), editedSeq: state.edited_seq } : event.data),
      ...(reactions === undefined ? {} : { reactions }),
    },
  })
}

const withoutContent = (data: ClientEvent['data']): ClientEvent['data'] => {
  const { body: _body, mentions: _mentions, ...rest } = data
  return { ...rest, deleted: true }
}

const sized = (event: ClientEvent): Presented => ({ event, bytes: Buffer.byteLength(JSON.stringify(event)) })
