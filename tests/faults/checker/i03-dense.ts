import type { HistoryEvent, Paged } from '../history.ts'
import type { Facts } from './facts.ts'
import { eventAt, type LoggedConversation } from './log-facts.ts'
import { createFound, type Found, type Violation } from './violation.ts'
import { canRead } from './visibility.ts'

/** I3: `seq` is 1, 2, 3, … in the log, and without a gap in what each device and each page answers for. [G3] */
export const dense = ({ history, log, sending, finals, userOf, dumped }: Facts): readonly Violation[] => {
  const found = createFound('I3')
  for (const conversation of log.conversations.values()) denseInLog(found, conversation)
  for (const { kind, holder, conversation, seq, event } of finals) {
    const id = event?.clientMsgId ?? null
    const isAccepted = id !== null && sending.sends.get(id)?.accepted !== undefined // I1 tells of those.
    if (kind === 'missing' && !isAccepted) found.add(`${conversation} ${seq}: missing from ${holder}`)
    if (kind === 'disorder') found.add(`${conversation} ${seq}: out of order in ${holder}`)
  }
  if (dumped.has('log')) densePages(found, history, log.conversations, userOf)
  return found.violations
}

const denseInLog = (found: Found, { id, events }: LoggedConversation): void => {
  for (const [index, { seq, partition, pos }] of events.entries()) {
    if (seq === index + 1) continue
    // All that follow are off as well.
    found.add(`${id}: seq ${seq} at ${partition}/${pos} where ${index + 1} was due`)
    return
  }
}

const densePages = (
  found: Found,
  history: readonly HistoryEvent[],
  conversations: ReadonlyMap<string, LoggedConversation>,
  userOf: ReadonlyMap<string, number>,
): void => {
  for (const line of history) {
    if (line.what !== 'paged') continue
    const conversation = conversations.get(line.conversation)
    if (conversation !== undefined) densePage(found, line, conversation, userOf.get(line.device) ?? 0)
  }
}

/** A page answers for everything from `from` to `to`, and begins no later than after what the device said it holds. */
const densePage = (found: Found, page: Paged, conversation: LoggedConversation, user: number): void => {
  const name = `${page.by} ${page.ref} of ${page.device}, ${page.conversation} ${page.from} to ${page.to}`
  if (page.after !== null && page.from > page.after + 1) found.add(`${name}: asked for what follows ${page.after}`)
  const to = Math.min(page.to, conversation.lastSeq)
  let index = 0
  for (let seq = page.from; seq <= to; seq++) {
    if (page.events[index]?.seq === seq) index++
    else if (eventAt(conversation, seq) !== undefined && canRead(conversation, user, seq)) {
      found.add(`${name}: ${seq} is not in it`)
      return
    }
  }
  const surplus = page.events[index]
  if (surplus !== undefined) found.add(`${name}: ${surplus.seq} is in it`)
}
