import type { Bucket, RateLimits } from '@chat/attempts'
import type { Metrics } from '@chat/runtime'
import type { RateName } from '@chat/schemas/protocol'
import { refused } from './answer.ts'
import type { Answer } from './ports.ts'
import type { Caller } from './socket/caller.ts'

/** Whose buckets a frame takes from. */
type RatedCaller = Pick<Caller, 'identity' | 'remoteAddress'>

/**
 * The answer `rate_limited` to what comes too often, at once; undefined: it may go on. Nothing here waits, so that a write costs no round
 * trip and keeps its place.
 */
export interface RateLimiter {
  /** `conversation`: what it is written to; undefined: a new one. That device and conversation are refused until the time is over. */
  write(caller: RatedCaller, conversation: string | undefined): Answer | undefined
  read(caller: RatedCaller): Answer | undefined
  /** What has an effect and is not on the event log: cursors, typing, pings. */
  effect(caller: RatedCaller): Answer | undefined
  /** A hello, or a request of HTTP. */
  request(remoteAddress: string): Answer | undefined
  logIn(remoteAddress: string): Answer | undefined
  register(remoteAddress: string): Answer | undefined
}

interface RateLimiterPorts {
  readonly rateLimits: RateLimits
  readonly metrics: Metrics
}

export const createRateLimiter = ({ rateLimits, metrics }: RateLimiterPorts, limits: 'on' | 'off'): RateLimiter => {
  const refusals = metrics.counter(
    'chat_connector_rate_limited_total',
    'What came too often, by the rate that refused',
    ['rate'],
  )
  const take = (...buckets: readonly [Bucket, ...Bucket[]]): Answer | undefined => {
    if (limits === 'off') return undefined
    const empty = rateLimits.take(buckets)
    if (empty === undefined) return undefined
    refusals.inc({ rate: empty.rate })
    return refused('rate_limited', sentences[empty.rate], empty.retryAfterMs)
  }
  return {
    write: ({ identity: { userId, device }, remoteAddress }, conversation = 'new') =>
      take(
        { rate: 'writesOfDevice', key: `${userId}.${device}.${conversation}` },
        ...(conversation === 'new' ? [] : [{ rate: 'writesToConversation' as const, key: conversation }]),
        { rate: 'writesOfUser', key: String(userId) },
        ...ofAddress(remoteAddress),
      ),
    read: ({ identity, remoteAddress }) =>
      take({ rate: 'readsOfUser', key: String(identity.userId) }, ...ofAddress(remoteAddress)),
    effect: ({ identity, remoteAddress }) =>
      take({ rate: 'signalsOfUser', key: String(identity.userId) }, ...ofAddress(remoteAddress)),
    request: (key) => take({ rate: 'requestsOfAddress', key }),
    logIn: (key) => take({ rate: 'loginsOfAddress', key }),
    register: (key) => take({ rate: 'registrationsOfAddress', key }),
  }
}

/** A frame that came by HTTP was counted as a request already. */
const ofAddress = (remoteAddress: string | undefined): readonly Bucket[] =>
  remoteAddress === undefined ? [] : [{ rate: 'requestsOfAddress', key: remoteAddress }]

const sentences: Readonly<Record<RateName, string>> = {
  writesOfDevice: 'too many writes to this conversation',
  writesToConversation: 'too many write to this conversation',
  writesOfUser: 'too many writes',
  readsOfUser: 'too many reads',
  signalsOfUser: 'too many cursors and signals',
  requestsOfAddress: 'too many requests of this address',
  loginsOfAddress: 'too many logins of this address',
  registrationsOfAddress: 'too many registrations of this address',
}
