import { type ClientEvent, hasPlace, type LogEvent, toClientEvent } from '@chat/schemas'
import { printOf, type SeenEvent } from '../../history.ts'
import { within } from '../log-facts.ts'

/** What is done to a message after it was posted. */
export type StoryDeed =
  | { readonly op: 'edit'; readonly message: number; readonly text: string }
  | { readonly op: 'delete'; readonly message: number; readonly author: number }
  | { readonly op: 'react'; readonly message: number; readonly emoji: string }

/** The event of a deed, without what every event has. */
export const deedEvent = (deed: StoryDeed) => {
  const { message } = deed
  if (deed.op === 'delete') return { type: 'MessageDeleted', message, author: deed.author } as const
  if (deed.op === 'react') return { type: 'ReactionAdded', message, emoji: deed.emoji } as const
  const body = Buffer.from(JSON.stringify({ kind: 'text', text: deed.text }))
  return { type: 'MessageEdited', message, body, keyId: null, mentions: [] } as const
}

interface Changes {
  readonly edits: { readonly seq: number; readonly data: ClientEvent['data'] }[]
  /** emoji → who put it there, and where. */
  readonly reactions: Map<string, Map<number, number>>
  isDeleted: boolean
}

/** How the messages of one conversation are shown. */
export interface StoryMessages {
  take(event: LogEvent): void
  isDeleted(seq: number): boolean
  /** As a page gives it to somebody who may see up to `highest`. */
  shown(seen: SeenEvent, highest: number): SeenEvent
}

export const createStoryMessages = (): StoryMessages => {
  const posted = new Map<number, ClientEvent>()
  const changes = new Map<number, Changes>()
  /** Seq of an edit → of its message. */
  const edited = new Map<number, number>()

  const changed = (seq: number) =>
    within(changes, seq, (): Changes => ({ edits: [], reactions: new Map(), isDeleted: false }))

  const dataOf = (event: ClientEvent, { edits, reactions }: Changes, highest: number) => {
    const edit = edits.findLast(({ seq }) => seq <= highest)
    const counts = [...reactions].map(([emoji, seqs]) => ({
      emoji,
      count: [...seqs.values()].filter((seq) => seq <= highest).length,
    }))
    return {
      ...event.data,
      ...(edit === undefined ? {} : { body: edit.data.body, editedSeq: edit.seq }),
      reactions: counts.filter(({ count }) => count > 0),
    }
  }

  return {
    take: (event) => {
      const visible = toClientEvent(event)
      if (visible === undefined || !hasPlace(visible)) return
      if (event.type === 'MessagePosted') posted.set(event.seq, visible)
      else if (event.type === 'MessageDeleted') changed(event.message).isDeleted = true
      else if (event.type === 'ReactionAdded')
        within(changed(event.message).reactions, event.emoji, () => new Map()).set(event.actor, event.seq)
      else if (event.type === 'MessageEdited') {
        posted.set(event.seq, visible)
        edited.set(event.seq, event.message)
        changed(event.message).edits.push({ seq: event.seq, data: visible.data })
      }
    },
    isDeleted: (seq) => changes.get(seq)?.isDeleted === true,
    shown: (seen, highest) => {
      const event = posted.get(seen.seq)
      const message = edited.get(seen.seq)
      const change = changes.get(message ?? seen.seq)
      if (event === undefined || change === undefined) return seen
      const { body: _body, ...rest } = event.data
      if (change.isDeleted) return { ...seen, print: printOf({ ...event, data: { ...rest, deleted: true } }) }
      if (message !== undefined) return seen
      return { ...seen, print: printOf({ ...event, data: dataOf(event, change, highest) }) }
    },
  }
}
