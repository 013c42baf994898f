import { decodeEvent, toClientEvent } from '@chat/schemas'
import { printOf } from '../history.ts'
import type { LoggedConversation, LoggedEvent } from './log-facts.ts'

/** Who sees up to where, and when: `asOf` is the last seq that is known of, `highest` the last one that he may see. */
interface Look {
  readonly asOf: number
  readonly highest: number
}

/**
 * The print of an event as a page shows it: a message with its newest edit and its reactions, or without its body once it was deleted, and
 * with it what its edits said. Who may see no further sees it as it was there, but what was taken back later is gone for him too.
 */
export const printAt = (conversation: LoggedConversation, event: LoggedEvent, { asOf, highest }: Look): number => {
  const subject = subjectOf(event)
  const deeds = (conversation.deeds.get(subject ?? 0) ?? []).filter(({ seq }) => seq <= asOf)
  if (deeds.some(({ type }) => type === 'messageDeleted')) return printWith(event, (data) => withoutContent(data))
  if (event.type !== 'messagePosted' || deeds.length === 0) return event.print
  const edit = deeds.findLast(({ type, seq }) => type === 'messageEdited' && seq <= highest)
  const reactions = reactionsOf(deeds, highest)
  return printWith(event, (data) => ({ ...(edit === undefined ? data : edited(data, edit)), reactions }))
}

/** Whether this can be what the user was shown when at least everything up to `from` was known. */
export const canBeShownAs = (
  conversation: LoggedConversation,
  event: LoggedEvent,
  print: number,
  { from, user }: { readonly from: number; readonly user: number },
): boolean => {
  const deeds = conversation.deeds.get(subjectOf(event) ?? 0)
  if (deeds === undefined) return print === event.print
  // Whoever left sees it as it was there.
  const ends = (conversation.stays.get(user) ?? []).map(({ to }) => to)
  const moments = [from, ...deeds.map(({ seq }) => seq).filter((seq) => seq > from)]
  return moments.some((asOf) =>
    [Number.POSITIVE_INFINITY, ...ends].some((highest) => printAt(conversation, event, { asOf, highest }) === print),
  )
}

/** The message whose state decides how the event is shown. */
const subjectOf = ({ type, seq, about }: LoggedEvent): number | null =>
  type === 'messagePosted' ? seq : type === 'messageEdited' ? about : null

type Data = Readonly<Record<string, unknown>>

const visibleOf = ({ line }: LoggedEvent) => {
  const decoded = decodeEvent(line.schema ?? '', Buffer.from(line.value, 'base64'))
  const visible = 'record' in decoded ? toClientEvent(decoded.record) : undefined
  if (visible === undefined) throw new Error(`events ${line.partition}/${line.offset} was visible before`)
  return visible
}

const printWith = (event: LoggedEvent, change: (data: Data) => Data): number => {
  const visible = visibleOf(event)
  return printOf({ ...visible, data: change(visible.data) })
}

const withoutContent = ({ body: _body, mentions: _mentions, ...data }: Data): Data => ({ ...data, deleted: true })

const edited = ({ body: _body, mentions: _mentions, ...data }: Data, edit: LoggedEvent): Data => {
  const { seq: _message, ...content } = visibleOf(edit).data
  return { ...data, ...content, editedSeq: edit.seq }
}

/** The newest of each user and emoji counts, unless he may not see it. */
const reactionsOf = (deeds: readonly LoggedEvent[], highest: number) => {
  const counts = new Map<string, number>()
  const newest = new Map<string, LoggedEvent>()
  for (const deed of deeds)
    if (deed.type.startsWith('reaction')) newest.set(`${deed.actor} ${visibleOf(deed).data.emoji}`, deed)
  for (const [key, { type, seq }] of newest) {
    const emoji = key.slice(key.indexOf(' ') + 1)
    if (type === 'reactionAdded' && seq <= highest) counts.set(emoji, (counts.get(emoji) ?? 0) + 1)
  }
  return [...counts].map(([emoji, count]) => ({ emoji, count }))
}
