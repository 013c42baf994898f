/** Who is found nowhere is shown online for this long, ms: a page that is loaded anew must not flicker. */
export const graceMs = 5_000
/**
 * The same of those whose connector ended without a goodbye, ms: its lease has outlived it by 6 s already. With that, a look each second
 * and this, its users are offline within 10 s.
 */
export const endedGraceMs = 1_000

/** How one look found a user. */
export type Sighting =
  | { readonly kind: 'online'; readonly sinceMs: number }
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'ended' }

/** What watchers are shown. Times: ms since the epoch. */
export type Shown =
  | { readonly isOnline: true; readonly sinceMs: number }
  | { readonly isOnline: false; readonly lastSeenMs: number | undefined }

export interface Sight {
  /** undefined: nobody can tell yet. */
  readonly shown: Shown | undefined
  /** Since when he is shown online but found nowhere, monotonic ms. */
  readonly missedMs: number | undefined
}

export const unseen: Sight = { shown: undefined, missedMs: undefined }

interface Look {
  readonly found: Sighting
  /** false: presence was away or lost lately, and who is found nowhere may not be registered again yet. */
  readonly isTrusted: boolean
  /** Monotonic ms. */
  readonly atMs: number
  /** The same moment, ms since the epoch. */
  readonly now: number
}

/** What is to be shown after one more look. `shown` stays the same object where nothing changes for watchers. */
export const look = (before: Sight, { found, isTrusted, atMs, now }: Look): Sight => {
  const { shown, missedMs } = before
  if (found.kind === 'online') {
    if (shown?.isOnline === true) return { shown, missedMs: undefined }
    return { shown: { isOnline: true, sinceMs: found.sinceMs }, missedMs: undefined }
  }
  if (!isTrusted) return { shown, missedMs: undefined }
  if (shown === undefined) return { shown: { isOnline: false, lastSeenMs: undefined }, missedMs: undefined }
  if (!shown.isOnline) return before
  const sinceMs = missedMs ?? atMs
  const isOver = atMs - sinceMs >= (found.kind === 'ended' ? endedGraceMs : graceMs)
  if (!isOver) return { shown, missedMs: sinceMs }
  return { shown: { isOnline: false, lastSeenMs: now - (atMs - sinceMs) }, missedMs: undefined }
}
