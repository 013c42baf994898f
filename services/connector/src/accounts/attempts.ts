import type { Clock } from '@chat/runtime'

/** A bucket: how many failures at once, and after how long one of them is forgiven, ms. */
interface Bucket {
  readonly burst: number
  readonly refillMs: number
}

/** Ten guesses at once at one account, then one every 30 s: 2,890 a day. */
const accountBucket: Bucket = { burst: 10, refillMs: 30_000 }
/** An office or a test bench behind one address mistypes more often than one person. */
const addressBucket: Bucket = { burst: 100, refillMs: 1_000 }
/** Accounts and addresses that are remembered, each; the one that failed longest ago is forgotten first. */
const keysMax = 100_000

/** Says whether another try may be made, or how long to wait, ms. Only failures count; they are forgiven one by one. */
export interface Attempts {
  /** Counts a try against the account until `forgive`, so that tries made side by side are counted too. */
  begin(account: string, address: string): { readonly retryAfterMs: number } | undefined
  /** The try that was begun did not fail: it succeeded, or came to no end. */
  forgive(account: string): void
  /** The try that was begun failed: it counts against the address as well. */
  failed(address: string): void
}

const unlimited: Attempts = {
  begin: () => undefined,
  forgive: () => {},
  failed: () => {},
}

/** Limits failed logins per account and per address, in the memory of this connector. `off`: no limit at all. */
export const createAttempts = (options: { readonly clock: Clock; readonly limits: 'on' | 'off' }): Attempts => {
  if (options.limits === 'off') return unlimited
  const accounts = createBuckets(options.clock, accountBucket)
  const addresses = createBuckets(options.clock, addressBucket)
  return {
    begin: (account, address) => {
      const retryAfterMs = Math.max(accounts.waitMs(account), addresses.waitMs(address))
      if (retryAfterMs > 0) return { retryAfterMs }
      accounts.add(account)
      return undefined
    },
    forgive: accounts.remove,
    failed: addresses.add,
  }
}

interface Buckets {
  /** 0: there is room for one more. */
  waitMs(key: string): number
  add(key: string): void
  remove(key: string): void
}

/** Leaky buckets. Each key keeps one number: the time at which its bucket will be empty. */
const createBuckets = (clock: Clock, { burst, refillMs }: Bucket): Buckets => {
  const emptyAt = new Map<string, number>()
  const set = (key: string, at: number) => {
    emptyAt.delete(key)
    if (at <= clock.monotonic()) return
    emptyAt.set(key, at)
    if (emptyAt.size <= keysMax) return
    for (const oldest of emptyAt.keys()) {
      emptyAt.delete(oldest)
      return
    }
  }
  const levelMs = (key: string) => Math.max(0, (emptyAt.get(key) ?? 0) - clock.monotonic())
  return {
    waitMs: (key) => Math.max(0, Math.ceil(levelMs(key) - (burst - 1) * refillMs)),
    add: (key) => set(key, clock.monotonic() + levelMs(key) + refillMs),
    remove: (key) => set(key, clock.monotonic() + levelMs(key) - refillMs),
  }
}
