import { type Clock, every } from '@chat/runtime'
import type { Device, DeviceObserver } from '@chat/testkit'

/**
 * What an app does around its connection: syncs after a reconnect and when the server says `resync`, asks for what is missing 200 ms
 * after a hole, and every 2 minutes; watches whom it is told to; and gives up a connection on which nothing came for the heartbeat and no `ping` was answered.
 */
export interface KeepUp {
  /** To be given to the device when it is made. */
  readonly observer: DeviceObserver
  start(device: Device): void
  stop(): void
  /** Syncs that failed; each is repeated. */
  failures(): number
}

const holeAfterMs = 200
const lookEveryMs = 100
const syncEveryMs = 120_000
/** A device that fails to sync waits before it asks again, ms. */
const retryAfterMs = 500
const heartbeatMs = 25_000
const pongWithinMs = 10_000

/** `watched`: the users whose presence is on the screen. */
export const createKeepUp = (clock: Clock, watched: () => readonly number[] = () => []): KeepUp => {
  /** Per conversation: up to where nothing is missing, and what is there above it. */
  const held = new Map<string, { dense: number; readonly above: Set<number>; holeSinceMs: number | undefined }>()
  let dueMs = Number.POSITIVE_INFINITY
  let heardMs = clock.monotonic()
  let pingedMs: number | undefined
  let failures = 0
  let isSyncing = false
  /** When presence is to be watched; pushes of it end with the connection, and a resync says that some were dropped. */
  let watchDueMs = Number.POSITIVE_INFINITY
  let cancel = () => {}

  const now = () => clock.monotonic()
  const sync = (afterMs: number) => {
    dueMs = Math.min(dueMs, now() + afterMs)
  }
  const onShown = (conversation: string, seq: number) => {
    const place = held.get(conversation) ?? { dense: 0, above: new Set<number>(), holeSinceMs: undefined }
    held.set(conversation, place)
    place.above.add(seq)
    while (place.above.delete(place.dense + 1)) place.dense++
    if (place.above.size === 0) place.holeSinceMs = undefined
    else if (place.holeSinceMs === undefined) place.holeSinceMs = now()
  }
  const hasHole = () =>
    [...held.values()].some(({ holeSinceMs }) => holeSinceMs !== undefined && now() - holeSinceMs >= holeAfterMs)

  const catchUp = async (device: Device) => {
    isSyncing = true
    dueMs = now() + syncEveryMs
    try {
      await device.catchUp()
      // What is still missing is not visible, or younger than the answer: it is looked at anew.
      for (const place of held.values()) if (place.holeSinceMs !== undefined) place.holeSinceMs = now() + retryAfterMs
    } catch {
      failures++ // Cut off or refused while something is away: asked again.
      sync(retryAfterMs)
    } finally {
      isSyncing = false
    }
  }

  const watch = (device: Device) => {
    watchDueMs = Number.POSITIVE_INFINITY
    if (watched().length === 0) return
    device.request('presence.watch', { users: watched() }).catch(() => {
      watchDueMs = now() + retryAfterMs // Cut off or refused while something is away.
    })
  }

  const beat = (device: Device) => {
    if (now() - heardMs < heartbeatMs) {
      pingedMs = undefined
      return
    }
    if (pingedMs === undefined) {
      pingedMs = now()
      device.request('ping').catch(() => {}) // Unanswered is what counts, below.
    } else if (now() - pingedMs > pongWithinMs) {
      pingedMs = undefined
      device.drop()
    }
  }

  return {
    observer: {
      connected: () => {
        heardMs = now()
        sync(0)
        watchDueMs = now()
      },
      closed: () => {
        dueMs = Number.POSITIVE_INFINITY
        watchDueMs = Number.POSITIVE_INFINITY
      },
      sent: () => {},
      received: (_connection, frame) => {
        heardMs = now()
        if (frame.op !== 'resync') return
        sync(0)
        watchDueMs = now()
      },
      shown: (conversation, event) => onShown(conversation, event.seq),
    },
    start: (device) => {
      cancel = every(clock, lookEveryMs, () => {
        if (!device.isConnected()) return
        beat(device)
        if (now() >= watchDueMs) watch(device)
        if (!isSyncing && (now() >= dueMs || hasHole())) void catchUp(device)
      })
    },
    stop: () => cancel(),
    failures: () => failures,
  }
}
