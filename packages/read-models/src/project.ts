import type { LogEvent } from '@chat/schemas'
import { projectAlias, type StoredAlias } from './aliases.ts'
import { projectBlock, type StoredBlock } from './blocks.ts'
import { projectConversation, type StoredConversation } from './conversations.ts'
import { projectEvent, type StoredEvent } from './events.ts'
import { projectFriendship, type StoredFriendship } from './friendships.ts'
import { projectStays, type StoredStay } from './memberships.ts'
import { projectMessageState, type StoredMessageState } from './message-states.ts'
import type { Place } from './place.ts'
import { projectWords, type StoredWordCount, type WordsOfHour } from './popular-words.ts'
import { projectReaction, type StoredReaction } from './reactions.ts'
import { projectResolution, type StoredResolution } from './report-resolutions.ts'
import { projectReport, type StoredReport } from './reports.ts'
import { projectStanding, type StoredStanding } from './standings.ts'
import { projectUser, type StoredUser } from './users.ts'

/** The rows that an event's projection may look at, and nothing else: so a rebuild from offset 0 gives what live gave. */
export interface Needs {
  /** The unit of failure: what is parked when its handler throws. */
  readonly aggregate: string
  readonly conversation?: string
  /** Whose open stay there. */
  readonly stayOf?: number
  /** Whose standing there. */
  readonly standingOf?: number
  /** Whose messages there. */
  readonly author?: number
  /** Whose account. */
  readonly account?: number
  /** The words counted in the newest hour of the partition. */
  readonly words?: true
}

export interface Prior {
  readonly conversation: StoredConversation | undefined
  /** The open stay of `needs.stayOf`. */
  readonly stay: StoredStay | undefined
  /** That of `needs.standingOf`. */
  readonly standing: StoredStanding | undefined
  /** How many messages `needs.author` posted there so far. */
  readonly ownMessages: number
  /** The account of `needs.account`. */
  readonly user: StoredUser | undefined
  readonly words: WordsOfHour
}

/** A row to be written over whatever has its key. */
export type Change =
  | { readonly table: 'users'; readonly row: StoredUser }
  | { readonly table: 'conversations'; readonly row: StoredConversation }
  | { readonly table: 'memberships'; readonly row: StoredStay }
  | { readonly table: 'standings'; readonly row: StoredStanding }
  | { readonly table: 'events_read'; readonly row: StoredEvent }
  | { readonly table: 'friendships'; readonly row: StoredFriendship }
  | { readonly table: 'blocks'; readonly row: StoredBlock }
  | { readonly table: 'message_states'; readonly row: StoredMessageState }
  | { readonly table: 'reactions'; readonly row: StoredReaction }
  | { readonly table: 'reports'; readonly row: StoredReport }
  | { readonly table: 'report_resolutions'; readonly row: StoredResolution }
  | { readonly table: 'dialect_ids'; readonly row: StoredAlias }
  | { readonly table: 'words_by_hour'; readonly row: StoredWordCount }

/** undefined: nothing is projected of this event. */
export const needsOf = (event: LogEvent): Needs | undefined => {
  switch (event.type) {
    case 'UserRegistered':
    case 'UserImported':
      return { aggregate: `user ${event.userId}` }
    case 'ProfileChanged':
    case 'UserSuspended':
    case 'UserReinstated':
    case 'OperatorGranted':
    case 'OperatorRevoked':
      return { aggregate: `user ${event.userId}`, account: event.userId }
    case 'GroupCreated':
    case 'FriendRequested':
    case 'FriendWithdrawn':
    case 'FriendAccepted':
    case 'FriendDeclined':
    case 'FriendRemoved':
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'ReactionAdded':
    case 'ReactionRemoved':
    case 'MessagePinned':
    case 'MessageUnpinned':
    case 'GroupChanged':
    case 'GroupClosed':
      return { aggregate: event.conversation, conversation: event.conversation }
    case 'MessagePosted':
      return { aggregate: event.conversation, conversation: event.conversation, author: event.actor, words: true }
    case 'MemberLeft':
    case 'MemberMuted':
    case 'MemberRemoved':
    case 'RoleChanged':
      return { aggregate: event.conversation, conversation: event.conversation, stayOf: event.user }
    case 'JoinRefused':
    case 'JoinRequested':
    case 'MemberInvited':
    case 'MemberUnbanned':
      return { aggregate: event.conversation, conversation: event.conversation, standingOf: event.user }
    case 'MemberBanned':
    case 'MemberJoined': {
      const { conversation, user } = event
      return { aggregate: conversation, conversation, stayOf: user, standingOf: user }
    }
    case 'GroupImported':
    case 'MessageReported':
    case 'ReportResolved':
    case 'UserBlocked':
    case 'UserUnblocked':
      return { aggregate: event.conversation }
    case 'NoticeBroadcast':
    case 'CommandsRebased':
    case 'CommandsRejected':
    case 'LogOpened':
      return undefined
  }
}

/** What every read model makes of an event. Pure; the same event at the same place with the same prior rows gives the same rows. */
export const project = (event: LogEvent, place: Place, prior: Prior): readonly Change[] => {
  const changes: Change[] = []
  const user = projectUser(event, place, prior)
  if (user !== undefined) changes.push({ table: 'users', row: user })
  const conversation = projectConversation(event, place, prior)
  if (conversation !== undefined) changes.push({ table: 'conversations', row: conversation })
  for (const row of projectStays(event, place, prior)) changes.push({ table: 'memberships', row })
  const standing = projectStanding(event, prior)
  if (standing !== undefined) changes.push({ table: 'standings', row: standing })
  const stored = projectEvent(event, place, prior)
  if (stored !== undefined) changes.push({ table: 'events_read', row: stored })
  const friendship = projectFriendship(event, place)
  if (friendship !== undefined) changes.push({ table: 'friendships', row: friendship })
  const block = projectBlock(event, place)
  if (block !== undefined) changes.push({ table: 'blocks', row: block })
  const state = projectMessageState(event)
  if (state !== undefined) changes.push({ table: 'message_states', row: state })
  const reaction = projectReaction(event)
  if (reaction !== undefined) changes.push({ table: 'reactions', row: reaction })
  const report = projectReport(event, place)
  if (report !== undefined) changes.push({ table: 'reports', row: report })
  const resolution = projectResolution(event, place)
  if (resolution !== undefined) changes.push({ table: 'report_resolutions', row: resolution })
  const alias = projectAlias(event, place)
  if (alias !== undefined) changes.push({ table: 'dialect_ids', row: alias })
  for (const row of projectWords(event, place, prior)) changes.push({ table: 'words_by_hour', row })
  return changes
}
