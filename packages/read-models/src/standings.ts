import type { LogEvent } from '@chat/schemas'
import type { Table } from './table.ts'

/** What was there before the event; `standing`: of whom it concerns. */
interface Prior {
  readonly standing: StoredStanding | undefined
}

/** What somebody is to a group beside being its member; null: he is not that. A row stays when nothing of it is left. */
export interface StoredStanding {
  readonly conversation: string
  readonly user_id: number
  /** Who invited him last, and when, ms since the epoch. */
  readonly invited_by: number | null
  readonly invited_at: number | null
  readonly requested_at: number | null
  readonly banned_at: number | null
}

export const standings: Table<StoredStanding> = {
  name: 'standings',
  key: ['conversation', 'user_id'],
  columns: {
    conversation: 'text',
    user_id: 'integer',
    invited_by: 'integer?',
    invited_at: 'bigint?',
    requested_at: 'bigint?',
    banned_at: 'bigint?',
  },
}

export const projectStanding = (event: LogEvent, { standing }: Prior): StoredStanding | undefined => {
  switch (event.type) {
    case 'MemberInvited':
      return { ...standingOf(event, standing), invited_by: event.actor, invited_at: event.at }
    case 'JoinRequested':
      return { ...standingOf(event, standing), requested_at: event.at }
    case 'JoinRefused':
      return { ...standingOf(event, standing), ...notOpen }
    case 'MemberJoined':
      return isOpen(standing) ? { ...standing, ...notOpen } : undefined
    case 'MemberBanned':
      return { ...standingOf(event, standing), ...notOpen, banned_at: event.at }
    case 'MemberUnbanned':
      return { ...standingOf(event, standing), banned_at: null }
    default:
      return undefined
  }
}

/** Whether he may answer, or waits for an answer. */
const isOpen = (standing: StoredStanding | undefined): standing is StoredStanding =>
  standing !== undefined && (standing.invited_at !== null || standing.requested_at !== null)

const notOpen = { invited_by: null, invited_at: null, requested_at: null } as const

const standingOf = (
  event: { readonly conversation: string; readonly user: number },
  before: StoredStanding | undefined,
): StoredStanding => before ?? { conversation: event.conversation, user_id: event.user, ...notOpen, banned_at: null }
