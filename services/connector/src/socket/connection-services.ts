import type { UserRow } from '@chat/read-models'
import type { Logger } from '@chat/runtime'
import type { Kicks } from '../kicks.ts'
import type { LargeGroups } from '../large-groups/large-groups.ts'
import type { Logins } from '../login-policy.ts'
import type { Answer, Identity } from '../ports.ts'
import type { Registrar } from '../registrar.ts'
import type { Stats } from '../stats.ts'
import type { Watermark } from '../watermark.ts'
import type { WriteAdmission } from '../write-admission.ts'
import type { FrameServices } from './frames/handler.ts'
import type { HelloGate } from './hello-gate.ts'
import type { Turns } from './turns.ts'

/** What connections work with, the same for all. */
export interface ConnectionServices extends FrameServices {
  readonly connectorId: string
  readonly heartbeatMs: number
  readonly writeAdmission: WriteAdmission
  readonly turns: Turns
  readonly watermark: Watermark
  readonly registrar: Registrar
  readonly largeGroups: LargeGroups
  readonly kicks: Kicks
  readonly logins: Logins
  readonly helloGate: HelloGate
  readonly stats: Stats
  readonly logger: Logger
  /** undefined: no, expired or wrong token, or the session has ended. */
  readonly authenticate: (accessToken: string) => Promise<Identity | undefined>
  readonly isEnded: (sessionId: string) => boolean
  readonly isSuspended: (userId: number) => boolean
  /** The same of somebody who was just read. */
  readonly isUserSuspended: (user: Pick<UserRow, 'id' | 'isSuspended'>) => boolean
  readonly endSession: (identity: Identity) => Promise<Answer>
  /** Whether new connections are taken now. */
  readonly isOpen: () => boolean
  readonly onFatal: (error: unknown) => void
}

/** Who is behind an accepted hello, and which one it was. */
export interface Session {
  readonly identity: Identity
  /** Names the connection among all of all connectors. */
  readonly connection: string
  /** When it said hello, ms since the epoch by the clock here: to be told, not to be compared. */
  readonly at: number
  /** Its user may have no other connection of this kind. */
  readonly isExclusive: boolean
  /** The number of its registration with presence; undefined: not acknowledged yet. */
  readonly order: number | undefined
}
