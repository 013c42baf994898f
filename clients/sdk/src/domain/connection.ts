/**
 * One connection that is made again whenever it breaks, as the close codes ask (PROTOCOL §5). Pure: `step` says what the state
 * is after an input and what to do; chance comes in as a fraction.
 */
export type Connection =
  | { readonly status: 'closed'; readonly reason: ClosedReason; readonly code?: number }
  | Offline
  | Connecting
  | (Attempts & { readonly status: 'connected'; readonly notice?: Notice })

interface Offline extends Attempts {
  readonly status: 'offline'
  readonly reason: OfflineReason
}

interface Connecting extends Attempts {
  readonly status: 'connecting'
  /** Connectors not dialled yet, the least loaded first. */
  readonly urls: readonly string[]
  /** The longest time that a refused `hello` asked for, ms. */
  readonly retryAfterMs?: number
}

interface Attempts {
  /** Since the last connection that lasted. */
  readonly attempts: number
  /** The access token was refused: the next try begins with a new one. */
  readonly token: 'good' | 'refused' | 'renewed'
}

export type ClosedReason = 'new' | 'stopped' | 'sessionEnded' | 'suspended' | 'replaced' | 'protocol'
export type OfflineReason = 'unreachable' | 'lost' | 'restarting' | 'unavailable' | 'tokenRefused'

interface Notice {
  readonly reconnectWithinMs: number
}

export type ConnectionInput =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  /** The time of the retry, or the network is back. */
  | { readonly type: 'retry' }
  /** A token is there, and where to dial. */
  | { readonly type: 'prepared'; readonly urls: readonly string[] }
  | { readonly type: 'unprepared'; readonly isSessionOver: boolean }
  | { readonly type: 'welcomed' }
  | { readonly type: 'helloRefused'; readonly code: string; readonly retryAfterMs?: number }
  | { readonly type: 'noticed'; readonly reconnectWithinMs: number }
  /** The socket is gone. `livedMs`: since its `hello` was answered; 0 when it was not. */
  | { readonly type: 'closed'; readonly code: number; readonly livedMs: number }

export type ConnectionEffect =
  /** Get a token that is good for a while, and the connectors; answer with `prepared` or `unprepared`. */
  | { readonly type: 'prepare'; readonly mustRenew: boolean }
  /** Open a socket and say hello; answer with `welcomed`, `helloRefused` and `closed`. */
  | { readonly type: 'dial'; readonly url: string }
  | { readonly type: 'wait'; readonly ms: number }
  /** Close the socket there may be, and cancel the wait. */
  | { readonly type: 'hangUp' }

type Step = readonly [Connection, readonly ConnectionEffect[]]

export const newConnection: Connection = { status: 'closed', reason: 'new' }

/** Backoff: up to this after the first failure, doubled with each further one, ms. */
export const firstWaitMs = 500
export const longestWaitMs = 30_000
/** A connection that lived this long was a good one: the next failure is a first one, ms. */
const goodAfterMs = 10_000

/** `fraction`: uniform in [0, 1). Thousands of clients that lost one server must not come back at once. */
export const step = (state: Connection, input: ConnectionInput, fraction: number): Step => {
  if (input.type === 'stop') return [{ status: 'closed', reason: 'stopped' }, [{ type: 'hangUp' }]]
  switch (state.status) {
    case 'closed':
      return input.type === 'start' ? prepare({ attempts: 0, token: 'good' }) : [state, []]
    case 'offline':
      return input.type === 'retry' || input.type === 'start' ? prepare(state) : [state, []]
    case 'connecting':
      return stepConnecting(state, input, fraction)
    case 'connected':
      if (input.type === 'noticed') return [{ ...state, notice: input }, []]
      if (input.type !== 'closed') return [state, []]
      return lost(
        { ...state, attempts: input.livedMs >= goodAfterMs ? 0 : state.attempts },
        input.code,
        fraction,
        state.notice,
      )
  }
}

const stepConnecting = (state: Connecting, input: ConnectionInput, fraction: number): Step => {
  switch (input.type) {
    case 'prepared':
      return dialNext(
        { ...state, token: state.token === 'refused' ? 'renewed' : state.token, urls: input.urls },
        fraction,
      )
    case 'unprepared':
      if (input.isSessionOver) return [{ status: 'closed', reason: 'sessionEnded' }, []]
      return later(state, 'unreachable', backoffMs(state.attempts, fraction))
    case 'welcomed': {
      const { attempts } = state
      return [{ status: 'connected', attempts, token: 'good' }, []]
    }
    case 'helloRefused': {
      if (input.code === 'unauthorized') return tokenRefused(state, fraction)
      const retryAfterMs = Math.max(state.retryAfterMs ?? 0, input.retryAfterMs ?? 0)
      return [{ ...state, retryAfterMs }, []] // The close that follows says the rest.
    }
    case 'closed':
      if (policyOf(input.code) !== 'reconnect') return lost(state, input.code, fraction)
      return dialNext(state, fraction)
    default:
      return [state, []]
  }
}

const prepare = ({ attempts, token }: Attempts): Step => [
  { status: 'connecting', attempts, token, urls: [] },
  [{ type: 'prepare', mustRenew: token === 'refused' }],
]

const dialNext = (state: Connecting, fraction: number): Step => {
  const [url, ...urls] = state.urls
  if (url !== undefined) return [{ ...state, urls }, [{ type: 'dial', url }]]
  const { retryAfterMs = 0 } = state
  return later(
    state,
    retryAfterMs > 0 ? 'unavailable' : 'unreachable',
    retryAfterMs + backoffMs(state.attempts, fraction),
  )
}

const lost = (state: Attempts, code: number, fraction: number, notice?: Notice): Step => {
  const policy = policyOf(code)
  if (policy === 'renew') return tokenRefused(state, fraction)
  if (policy !== 'reconnect') return [{ status: 'closed', reason: policy, code }, []]
  const isRestart = code === 1001 || code === 1012
  const ms =
    isRestart && notice !== undefined ? notice.reconnectWithinMs * fraction : backoffMs(state.attempts, fraction)
  return later(state, isRestart ? 'restarting' : code === 4503 ? 'unavailable' : 'lost', ms)
}

/** A new token tells whether the session is over. If that is refused as well, it is. */
const tokenRefused = (state: Attempts, fraction: number): Step => {
  const hangUp = { type: 'hangUp' } as const
  if (state.token === 'renewed') return [{ status: 'closed', reason: 'sessionEnded' }, [hangUp]]
  const [next, effects] = later({ ...state, token: 'refused' }, 'tokenRefused', backoffMs(0, fraction))
  return [next, [hangUp, ...effects]]
}

const later = ({ attempts, token }: Attempts, reason: OfflineReason, ms: number): Step => [
  { status: 'offline', attempts: attempts + 1, token, reason },
  [{ type: 'wait', ms }],
]

const backoffMs = (attempts: number, fraction: number): number =>
  fraction * Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts, 16))

/** The ranges carry the policy, so that codes of later servers are treated rightly. */
const policyOf = (code: number): 'reconnect' | 'renew' | 'suspended' | 'replaced' | 'protocol' => {
  if (code === 4401) return 'renew'
  if (code === 4403) return 'suspended'
  if (code === 4409) return 'replaced'
  return code === 1009 || (code >= 4400 && code < 4500) ? 'protocol' : 'reconnect'
}
