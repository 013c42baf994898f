import type { MessagePosted, PostMessage } from '@chat/schemas'
import type { Accepted, Rejected } from './decision.ts'
import { accepted, rejected } from './decision.ts'

type Posted = Omit<MessagePosted, 'conversation' | 'seq' | 'actor' | 'device' | 'at' | 'clientMsgId'>

/** A message by somebody who may post, in either kind of conversation. */
export const post = (command: PostMessage, lastSeq: number): Accepted<Posted> | Rejected => {
  const { body, keyId, replyTo } = command
  const isReplyToNothing = replyTo !== null && !(Number.isInteger(replyTo) && replyTo >= 1 && replyTo <= lastSeq)
  if (isReplyToNothing) return rejected('no_such_message')
  return accepted({ type: 'MessagePosted', body, keyId, replyTo })
}
