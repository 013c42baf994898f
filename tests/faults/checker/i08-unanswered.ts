import type { Facts } from './facts.ts'
import { createFound, type Violation } from './violation.ts'

/** I8: a send that nobody answered appears once or not at all. */
export const unansweredAtMostOnce = ({ log, sending }: Facts): readonly Violation[] => {
  const found = createFound('I8')
  for (const [clientMsgId, events] of log.repeated) {
    const send = sending.sends.get(clientMsgId)
    if (send === undefined || send.accepted !== undefined) continue // I5 and I1 tell of those.
    found.add(
      `${send.conversation} ${clientMsgId}: unanswered, in the log as ${events.map(({ seq }) => seq).join(' and ')}`,
    )
  }
  return found.violations
}
