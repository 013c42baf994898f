/** Stable error codes with their HTTP status. A retired code is never used again. PROTOCOL §6. */
export const errorStatus = {
  invalid: 400,
  unauthorized: 401,
  bad_credentials: 401,
  forbidden: 403,
  not_member: 403,
  not_friend: 403,
  blocked: 403,
  banned: 403,
  muted: 403,
  suspended: 403,
  not_found: 404,
  no_such_user: 404,
  no_such_conversation: 404,
  no_such_message: 404,
  name_taken: 409,
  already_member: 409,
  already_friends: 409,
  already_online: 409,
  too_late: 409,
  out_of_order: 409,
  too_large: 413,
  rate_limited: 429,
  too_many: 429,
  internal: 500,
  unavailable: 503,
  timeout: 504,
} as const satisfies Readonly<Record<string, number>>

export type ErrorCode = keyof typeof errorStatus

/** What a client does after an error: give up, try again (after `retryAfterMs` where given), or reconnect first. */
export type Retry = 'never' | 'later' | 'reconnect'

const retryLater: ReadonlySet<ErrorCode> = new Set([
  'out_of_order',
  'rate_limited',
  'too_many',
  'internal',
  'unavailable',
  'timeout',
  'already_online',
])

export const retryOf = (code: ErrorCode): Retry => (retryLater.has(code) ? 'later' : 'never')

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(errorStatus, text)

/** 4400-4499: terminal, do not reconnect with the same token. 4500-4599: temporary, reconnect with full jitter. PROTOCOL §5. */
export const closeCode = {
  goingAway: 1001,
  frameTooBig: 1009,
  restarting: 1012,
  malformed: 4400,
  sessionEnded: 4401,
  suspended: 4403,
  replaced: 4409,
  internal: 4500,
  unavailable: 4503,
  slowReader: 4508,
  heartbeatMissed: 4510,
  helloMissing: 4511,
} as const

export type CloseCode = (typeof closeCode)[keyof typeof closeCode]
