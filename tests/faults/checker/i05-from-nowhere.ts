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

/** The requests that make an event of a type. One that is missing here is reported: teach it. */
const opsOf: Readonly<Record<string, readonly string[]>> = {
  groupCreated: ['group.create'],
  groupChanged: ['group.change'],
  memberJoined: ['group.join'],
  memberLeft: ['group.leave'],
  memberRemoved: ['group.kick'],
  memberBanned: ['group.ban'],
  memberUnbanned: ['group.unban'],
  memberMuted: ['group.mute'],
  roleChanged: ['group.role'],
  messageEdited: ['edit'],
  messageDeleted: ['delete'],
  messagePinned: ['pin'],
  messageUnpinned: ['unpin'],
  reactionAdded: ['react'],
  reactionRemoved: ['unreact'],
  friendRequested: ['friend.request'],
  friendWithdrawn: ['friend.withdraw'],
  friendAccepted: ['friend.accept', 'friend.request'],
  friendDeclined: ['friend.decline'],
  friendRemoved: ['friend.remove'],
}

/** Every event was asked for by its actor: messages by id, on that device, with that text; others at most once for each time he asked. */
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
      const key = `${event.actor} ${event.type} ${event.conversation}`
      const count = (seen.get(key) ?? 0) + 1
      seen.set(key, count)
      const asked = (opsOf[event.type] ?? []).map((op) => opKey(event.actor, op, event.conversation))
      const askedCount = asked.reduce((sum, op) => sum + (sending.invokedOps.get(op)?.size ?? 0), 0)
      if (count > askedCount) found.add(`${nameOf(event)}: ${event.actor} did not ask for it`)
    }
}
