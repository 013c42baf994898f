import type { Command, LogEvent, Reply } from '@chat/schemas'
import type { Repeated } from './decision.ts'

/** A reply, and the lease of the connector that waits for it. */
export interface AddressedReply {
  readonly slot: number
  readonly epoch: number
  readonly reply: Reply
}

export const acceptedReply = (
  command: Command,
  events: readonly { readonly pos: number; readonly event: LogEvent }[],
): AddressedReply => {
  const first = events[0]
  return to(command, {
    ...nothing,
    ...(first === undefined ? {} : placeOf(first.event)),
    outcome: 'accepted',
    pos: first?.pos ?? null,
  })
}

/** A repeat says where the first one went, not when. */
export const repeatedReply = (command: Command, { seq, pos, id, conversation }: Repeated): AddressedReply =>
  to(command, { ...nothing, outcome: 'repeated', conversation, seq, pos, id })

export const rejectedReply = (command: Command, code: string): AddressedReply =>
  to(command, { ...nothing, outcome: 'rejected', code })

const nothing = { code: '', conversation: null, seq: null, pos: null, at: null, id: null } as const

const placeOf = (event: LogEvent): Partial<Reply> => {
  switch (event.type) {
    case 'UserRegistered':
      return { at: event.at, id: event.userId }
    case 'ProfileChanged':
    case 'UserSuspended':
    case 'UserReinstated':
    case 'OperatorGranted':
    case 'OperatorRevoked':
    case 'UserImported':
    case 'NoticeBroadcast':
      return { at: event.at }
    case 'GroupCreated':
      return { at: event.at, id: event.groupId, conversation: event.conversation, seq: event.seq }
    case 'CommandsRebased':
    case 'CommandsRejected':
    case 'LogOpened':
      return {}
    default:
      return { at: event.at, conversation: event.conversation, seq: event.seq }
  }
}

const to = (command: Command, reply: Omit<Reply, 'request'>): AddressedReply => ({
  slot: command.replySlot,
  epoch: command.replyEpoch,
  reply: { request: command.request, ...reply },
})
