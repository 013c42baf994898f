import type { ClientEvent } from '@chat/schemas'

export interface SyncQuery {
  readonly user: number
  /** The opaque token of the last sync, or of the last page of this walk. */
  readonly token?: string
  /** conversation → the highest seq the device holds. */
  readonly known?: Readonly<Record<string, number>>
}

export interface SyncedConversation {
  readonly id: string
  readonly kind: 'direct' | 'group'
  readonly title: string
  readonly with?: number
  /** An online room: nothing in it is unread. Absent: its members are stored. */
  readonly membership?: 'online'
  readonly from: number
  readonly to: number
  readonly lastSeq: number
  readonly unread: number
  readonly readSeq: number
  readonly events: readonly ClientEvent[]
  readonly truncated?: true
  readonly left?: true
}

export interface SyncPage {
  readonly token: string
  readonly conversations: readonly SyncedConversation[]
  readonly hasMore: boolean
  /** The token could not be served: this is a first page. */
  readonly reset?: true
  /** The token is ahead of what is projected, and stayed so for `aheadWaitMs`. */
  readonly stale?: true
}
