import type { Facts } from './facts.ts'
import { eventAt, type LoggedEvent } from './log-facts.ts'
import { eachSeen } from './seen.ts'
import { opKey } from './sends.ts'
import { createFound, type Found, type Violation } from './violation.ts'
import { canRead, isMemberAt } from './visibility.ts'

/** I5: nothing comes from nowhere; nothing is by or for somebody who is no member at that position. [G5] */
export const fromNowhere = (facts: Facts): readonly Violation[] => {
  const { history, log, finals, userOf, dumped } = facts
  const found = createFound('I5')
  for (const { kind, holder, conversation, seq, event } of finals)
    if (kind === 'foreign')
      found.add(`${conversation} ${seq}: in ${holder}, ${event === undefined ? 'in no log' : 'who may not see it'}`)
  if (!dumped.has('log')) return found.violations
  for (const conversation of log.conversations.values())
    for (const event of conversation.events)
      if (!isMemberAt(conversation, event.actor, event.seq))
        found.add(`${nameOf(event)}: by ${event.actor}, who was no member`)
  expectInvoked(found, facts)
  eachSeen(history, (seen, { what, device, conversation }) => {
    const logged = log.conversations.get(conversation)
    const user = userOf.get(device) ?? 0
    if (logged === undefined || eventAt(logged, seen.seq) === undefined)
      found.add(`${conversation} ${seen.seq}: ${what} to ${device}, in no log`)
    // Pushes too: what a stale page lacked is pushed after it, and in a group that shares all that may lie before the member came.
    else if (!canRead(logged, user, seen.seq))
      found.add(`${conversation} ${seen.seq}: ${what} to ${device} of ${user}, who may not see it`)
  })
  return found.violations
}

const nameOf = (event: LoggedEvent): string =>
  `${event.conversation} ${event.seq} (${event.type} at ${event.partition}/${event.pos})`

/** The request that makes an event of a type. One that is missing here is reported: teach it. */
const opOf: Readonly<Record<string, string>> = {
  messagePosted: 'send',
  groupCreated: 'group.create',
  memberJoined: 'group.join',
  memberLeft: 'group.leave',
}

/** Every event was asked for by its actor: messages by id, on that device, with that text; others at most as often as asked. */
const expectInvoked = (found: Found, { log, sending, userOf }: Facts): void => {
  const seen = new Map<string, number>()
  for (const conversation of log.conversations.values())
    for (const event of conversation.events) {
      const send = event.clientMsgId === null ? undefined : sending.sends.get(event.clientMsgId)
      if (event.type === 'messagePosted') {
        const isAsWritten =
          send?.device === event.device &&
          send.conversation === event.conversation &&
          send.text === event.text &&
          userOf.get(send.device) === event.actor
        if (!isAsWritten) found.add(`${nameOf(event)}: nobody sent it so`)
        continue
      }
      const op = opOf[event.type] ?? 'nothing'
      const key = opKey(event.actor, op, op === 'group.create' ? null : event.conversation)
      const count = (seen.get(key) ?? 0) + 1
      seen.set(key, count)
      if (count > (sending.invokedOps.get(key) ?? 0)) found.add(`${nameOf(event)}: ${event.actor} did not ask for it`)
    }
}
