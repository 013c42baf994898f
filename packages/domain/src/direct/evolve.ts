import type { ConversationEvent } from '../conversation-command.ts'
import { invariant, unexpected } from '../decision.ts'
import { pinsAfter } from '../message-acts.ts'
import { isRelationEvent, type RelationEvent } from './relation.ts'
import { type Direct, isParty } from './state.ts'

export const evolve = (direct: Direct, event: ConversationEvent): Direct => {
  const place = { lastSeq: event.seq ?? direct.lastSeq, lastAtMs: event.at }
  switch (event.type) {
    case 'MessagePosted':
    case 'MessageReported':
    case 'ReportResolved':
      return { ...direct, ...place }
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'ReactionAdded':
    case 'ReactionRemoved':
    case 'MessagePinned':
    case 'MessageUnpinned':
      return { ...direct, ...place, pins: pinsAfter(direct.pins, event) }
    default:
      invariant(isRelationEvent(event), `a direct conversation has no ${event.type}`) // contained by the partition
      invariant(isParty(direct, event.actor), 'a relation is of the two')
      return evolveRelation({ ...direct, ...place }, event)
  }
}

/** What the relation is after one of its events. */
const evolveRelation = (direct: Direct, event: RelationEvent): Direct => {
  switch (event.type) {
    case 'FriendRequested':
      return { ...direct, friendship: event.actor === direct.lo ? 'requestedByLo' : 'requestedByHi' }
    case 'FriendAccepted':
      return { ...direct, friendship: 'friends' }
    case 'FriendWithdrawn':
    case 'FriendDeclined':
    case 'FriendRemoved':
      return { ...direct, friendship: 'none' }
    case 'UserBlocked':
      return withBlock(direct, event.actor, true)
    case 'UserUnblocked':
      return withBlock(direct, event.actor, false)
    default:
      return unexpected(event)
  }
}

const withBlock = (direct: Direct, by: number, isSet: boolean): Direct =>
  by === direct.lo ? { ...direct, isBlockedByLo: isSet } : { ...direct, isBlockedByHi: isSet }
