/** A token bucket: so many at once, then so many a second. */
export interface Rate {
  readonly burst: number
  readonly perSecond: number
  /** What it bounds, for people. */
  readonly of: string
}

/**
 * How often something may be asked for. A person who pastes and a bot that answers stay below; what one of these refuses is
 * `rate_limited`. PROTOCOL §6.
 */
export const rates = {
  writesOfDevice: { burst: 300, perSecond: 30, of: 'writes of one device to one conversation' },
  writesOfUser: { burst: 1_200, perSecond: 120, of: 'writes of one user, all his devices together' },
  writesToConversation: { burst: 6_000, perSecond: 600, of: 'writes to one conversation, of all its members' },
  readsOfUser: { burst: 600, perSecond: 60, of: 'reads of one user: `history`, `sync`, lists, searches' },
  signalsOfUser: { burst: 1_000, perSecond: 100, of: 'cursors, typing, presence and pings of one user' },
  requestsOfAddress: { burst: 20_000, perSecond: 2_000, of: 'frames and HTTP requests of one address' },
  loginsOfAddress: { burst: 1_000, perSecond: 20, of: 'logins of one address' },
  registrationsOfAddress: { burst: 200, perSecond: 1, of: 'registrations of one address' },
} as const satisfies Readonly<Record<string, Rate>>

export type RateName = keyof typeof rates

/** Whoever was refused waits at least so long, ms: so that there is room for more than one when he comes again. */
export const rateRetryMinMs = 1_000
