import type { MentionCandidates, MessagePosted, PostMessage } from '@chat/schemas'
import type { Accepted, Rejected, UserId } from './decision.ts'
import { accepted, rejected } from './decision.ts'

type Posted = Omit<MessagePosted, 'conversation' | 'seq' | 'actor' | 'device' | 'at' | 'clientMsgId'>

/** Most members whom one message names; those named behind them are not told. */
export const mentionsMax = 50

/** A message by somebody who may post, in either kind of conversation. */
export const post = (
  command: PostMessage,
  lastSeq: number,
  members: { has(user: UserId): boolean },
): Accepted<Posted> | Rejected => {
  const { body, keyId, replyTo } = command
  const isReplyToNothing = replyTo !== null && !(Number.isInteger(replyTo) && replyTo >= 1 && replyTo <= lastSeq)
  if (isReplyToNothing) return rejected('no_such_message')
  return accepted({ type: 'MessagePosted', body, keyId, replyTo, mentions: membersNamed(command.mentions, members) })
}

/** Whom a text means: of the users a name can stand for at one place, the first who is a member now. */
export const membersNamed = (
  candidates: readonly MentionCandidates[],
  members: { has(user: UserId): boolean },
): readonly UserId[] => {
  const named = new Set<UserId>()
  for (const { users } of candidates) {
    const meant = users.find((user) => members.has(user))
    if (meant !== undefined && named.size < mentionsMax) named.add(meant)
  }
  return [...named]
}
