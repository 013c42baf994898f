import type { Presence } from '@chat/presence'
import type { ReadModels } from '@chat/read-models'
import type { Logins } from '../login-policy.ts'
import type { Commands, Ports } from '../ports.ts'
import type { RateLimiter } from '../rate-limiter.ts'
import type { Watermark } from '../watermark.ts'
import type { Revocations } from './revocations.ts'
import type { Suspensions } from './suspensions.ts'
import type { Tokens } from './tokens.ts'

/** What accounts and sessions need of the world. */
export interface AccountsPorts
  extends Pick<
    Ports,
    'topics' | 'attempts' | 'externalTokens' | 'credentials' | 'hasher' | 'clock' | 'random' | 'logger' | 'wordFilter'
  > {
  readonly presence: Pick<Presence, 'connectors'>
  readonly readModels: Pick<
    ReadModels,
    'waitFor' | 'userById' | 'userByName' | 'userByRegistration' | 'registered' | 'ownMessages'
  >
  /** As clients see them: what others wrote is told by these. */
  readonly shownReadModels: Pick<ReadModels, 'everConversations' | 'friends'>
  readonly commands: Commands
  readonly watermark: Pick<Watermark, 'ofPartition' | 'now'>
  readonly tokens: Tokens
  readonly revocations: Revocations
  /** Of the policy of logins: see login-policy.ts. */
  readonly isRefused: Logins['isRefused']
  readonly rateLimiter: Pick<RateLimiter, 'logIn' | 'register'>
  readonly suspensions: Pick<Suspensions, 'isSuspended' | 'isUserSuspended'>
}

export interface AccountsOptions {
  /** Where clients of this connector open their socket; see `socketUrlOf`. */
  readonly socketUrl: string
  /** `CHAT_LIMITS`: `off` lifts the limit on failed logins. */
  readonly limits: 'on' | 'off'
}
