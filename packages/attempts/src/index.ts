export type { Bucket, RateLimits } from './rate-limits.ts'

/** How many tries in a window, and how long the window is from the first of them, ms (whole seconds). */
export interface AttemptBound {
  readonly attemptsMax: number
  readonly windowMs: number
}

export interface AttemptBounds {
  readonly account: AttemptBound
  readonly address: AttemptBound
}

/**
 * Ten guesses at one account in five minutes: 2,880 a day. An office or a test bench behind one address mistypes more often than one
 * person.
 */
export const failedLoginBounds: AttemptBounds = {
  account: { attemptsMax: 10, windowMs: 300_000 },
  address: { attemptsMax: 100, windowMs: 100_000 },
}

/**
 * Failed tries, counted for each account and for each address, by everybody who opened the same store together. Never rejects: while the store is
 * away each process counts for itself.
 */
export interface Attempts {
  /**
   * Whether another try may be made, or how long to wait, ms. It counts against the account until `forgive`, so that tries made side by
   * side are counted too; one that is refused is not counted.
   */
  begin(account: string, address: string): Promise<{ readonly retryAfterMs: number } | undefined>
  /** The try that was begun did not fail: it succeeded, or came to no end. */
  forgive(account: string): Promise<void>
  /** The try that was begun failed: it counts against the address as well. */
  failed(address: string): Promise<void>
  close(): Promise<void>
}
