import { type Clock, forgetOldest } from '@chat/runtime'
import { type AttemptBound, type Attempts, failedLoginBounds } from './index.ts'

/** Accounts and addresses that are remembered, each; the one whose window began first is forgotten first. */
const keysMax = 100_000

/** The twin in memory: for one process, lost with it. */
export const createMemoryAttempts = ({
  clock,
  bounds = failedLoginBounds,
}: {
  readonly clock: Clock
  readonly bounds?: typeof failedLoginBounds
}): Attempts => {
  const accounts = createWindows(clock, bounds.account)
  const addresses = createWindows(clock, bounds.address)
  return {
    begin: async (account, address) => {
      const retryAfterMs = Math.max(accounts.waitMs(account), addresses.waitMs(address))
      if (retryAfterMs > 0) return { retryAfterMs }
      accounts.add(account, 1)
      return undefined
    },
    forgive: async (account) => accounts.add(account, -1),
    failed: async (address) => addresses.add(address, 1),
    close: async () => {},
  }
}

interface Windows {
  /** 0: there is room for one more. */
  waitMs(key: string): number
  add(key: string, count: number): void
}

const createWindows = (clock: Clock, { attemptsMax, windowMs }: AttemptBound): Windows => {
  const windows = new Map<string, { readonly count: number; readonly endsAtMs: number }>()
  /** undefined: nothing is counted now. Keys stand in the order in which their windows end. */
  const currentOf = (key: string) => {
    const current = windows.get(key)
    if (current !== undefined && clock.monotonic() < current.endsAtMs) return current
    windows.delete(key)
    return undefined
  }
  return {
    waitMs: (key) => {
      const current = currentOf(key)
      return current === undefined || current.count < attemptsMax ? 0 : Math.ceil(current.endsAtMs - clock.monotonic())
    },
    add: (key, count) => {
      const current = currentOf(key)
      if (current !== undefined) windows.set(key, { ...current, count: current.count + count })
      else if (count > 0) windows.set(key, { count, endsAtMs: clock.monotonic() + windowMs })
      forgetOldest(windows, keysMax)
    },
  }
}
