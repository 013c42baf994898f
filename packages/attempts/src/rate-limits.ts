import type { RateName } from '@chat/schemas/protocol'

/** One bucket: that of `key` under a rate. */
export interface Bucket {
  readonly rate: RateName
  readonly key: string
}

/**
 * Token buckets, shared by everybody who opened the same store. Never waits for the store and never fails: each process decides by its
 * own buckets and tells the store what it took; what all took together comes back a moment later. While the store is away each process
 * counts for itself.
 */
export interface RateLimits {
  /**
   * Takes a token from each of the buckets, or from none of them: then how long to wait, ms (at least `rateRetryMinMs`), and the first
   * of them gives none before that time is over, whichever was empty.
   */
  take(buckets: readonly [Bucket, ...Bucket[]]): { readonly rate: RateName; readonly retryAfterMs: number } | undefined
  close(): Promise<void>
}
