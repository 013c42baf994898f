import type { Facts } from './facts.ts'
import { eventAt, type LoggedEvent } from './log-facts.ts'
import { eachSeen } from './seen.ts'
import { canBeShownAs } from './versions.ts'
import { createFound, type Found, type Violation } from './violation.ts'

/**
 * I4: the log holds together; every device, at any time and at the end, and every history say the same as the log, a page nothing older of
 * a message than what it answers for; what a device had accepted stands in the order in which it was sent. [G3] [G4]
 */
export const agreement = (facts: Facts): readonly Violation[] => {
  const { history, log, finals, userOf, dumped } = facts
  const found = createFound('I4')
  for (const problem of log.problems) found.add(problem)
  for (const { kind, holder, conversation, seq } of finals)
    if (kind === 'other') found.add(`${conversation} ${seq}: in ${holder} it is not what the log says`)
  if (!dumped.has('log')) return found.violations
  eachSeen(history, (seen, { what, device, conversation, to }) => {
    const logged = log.conversations.get(conversation)
    const event = eventAt(logged, seen.seq)
    if (logged === undefined || event === undefined) return // I5 tells of it.
    const user = userOf.get(device) ?? 0
    const isSame =
      event.clientMsgId === seen.clientMsgId &&
      event.type === seen.type &&
      canBeShownAs(logged, event, seen.print, { from: to ?? seen.seq, user })
    if (!isSame) found.add(`${conversation} ${seen.seq}: ${what} to ${device} it is not what the log says`)
  })
  keepsOrder(found, facts)
  return found.violations
}

/** Sends are in the order of the first attempt: so must their places be, per device and conversation. */
const keepsOrder = (found: Found, { log, sending }: Facts): void => {
  const last = new Map<string, LoggedEvent>()
  for (const send of sending.sends.values()) {
    const event = log.messages.get(send.clientMsgId)
    if (send.accepted === undefined || event === undefined) continue
    const key = `${send.device} ${send.conversation}`
    const before = last.get(key)
    if (before !== undefined && before.seq >= event.seq)
      found.add(`${send.conversation}: ${send.device} sent ${before.seq} before ${event.seq}`)
    last.set(key, event)
  }
}
