import type { Facts } from './facts.ts'
import { eventAt, type LoggedEvent } from './log-facts.ts'
import { eachSeen } from './seen.ts'
import { createFound, type Found, type Violation } from './violation.ts'

/**
 * I4: the log holds together; every device, at any time and at the end, and every history say the same as the log; what a device had
 * accepted stands in the order in which it was sent. [G3] [G4]
 */
export const agreement = (facts: Facts): readonly Violation[] => {
  const { history, log, finals, dumped } = facts
  const found = createFound('I4')
  for (const problem of log.problems) found.add(problem)
  for (const { kind, holder, conversation, seq } of finals)
    if (kind === 'other') found.add(`${conversation} ${seq}: in ${holder} it is not what the log says`)
  if (!dumped.has('log')) return found.violations
  // Messages are as they were posted. Once they can be edited, a page gives their present state, and the log's must be folded here.
  eachSeen(history, (seen, { what, device, conversation }) => {
    const event = eventAt(log.conversations.get(conversation), seen.seq)
    if (event === undefined) return // I5 tells of it.
    if (event.print !== seen.print || event.clientMsgId !== seen.clientMsgId || event.type !== seen.type)
      found.add(`${conversation} ${seen.seq}: ${what} to ${device} it is not what the log says`)
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
