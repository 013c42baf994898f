import type { Socket } from '../ports.ts'
import type { Stats } from '../stats.ts'

/** Pushes stop, and the socket is not read, when more than this is queued for it, bytes. */
export const queuedBytesMax = 1024 * 1024
/** They begin again, with a `resync`, once less than this is queued. */
const queuedBytesLow = 128 * 1024
/** A socket whose queue was full and did not shrink for this long is closed, ms. */
export const fullQueueMaxMs = 10_000
/** A queue has shrunk when this much of it is gone, bytes: less in ten seconds is no reader that will ever catch up. */
const shrinkBytesMin = 16 * 1024

const resyncFrame = Buffer.from('{"op":"resync"}')

/**
 * The one place that writes to a socket. Answers always go out, but no further request is taken while earlier ones were not read;
 * pushes are hints, dropped for a `resync` while the reader is slow.
 */
export class Outbox {
  private readonly socket: Socket
  private readonly stats: Stats
  /** Called when the queue was found full: from then on it is to be checked until it is `drained` or `tooSlow`. */
  private readonly onFull: () => void
  private state: 'open' | 'full' | 'closed' = 'open'
  /** Set by the first check of a full queue: the least that was queued since, and when it came to that. */
  private least: { readonly queued: number; readonly sinceMs: number } | undefined

  constructor(socket: Socket, stats: Stats, onFull: () => void) {
    this.socket = socket
    this.stats = stats
    this.onFull = onFull
  }

  get isFull(): boolean {
    return this.state === 'full'
  }

  answer(frame: string): void {
    if (this.state === 'closed') return
    // A large answer is no sign of a slow reader; what earlier ones left in the queue is.
    const isBehind = this.socket.bufferedBytes() > queuedBytesMax
    this.socket.send(frame)
    if (isBehind) this.fill()
  }

  push(frame: Buffer): void {
    if (this.state === 'open' && this.socket.bufferedBytes() <= queuedBytesMax) {
      this.socket.send(frame)
      this.stats.pushesSent++
      return
    }
    this.stats.pushesDropped++
    this.fill()
  }

  /** Looks at a full queue again. `drained`: the resync was sent, pushes go on. `shrank`: the client reads, if slowly. */
  check(nowMs: number): 'drained' | 'shrank' | 'full' | 'tooSlow' {
    const queued = this.socket.bufferedBytes()
    if (queued < queuedBytesLow) {
      this.state = 'open'
      this.least = undefined
      this.resync()
      return 'drained'
    }
    this.least ??= { queued, sinceMs: nowMs }
    if (queued <= this.least.queued - shrinkBytesMin) {
      this.least = { queued, sinceMs: nowMs }
      return 'shrank'
    }
    return nowMs - this.least.sinceMs >= fullQueueMaxMs ? 'tooSlow' : 'full'
  }

  resync(): void {
    if (this.state !== 'open') return // A full queue gets one when it has drained.
    this.socket.send(resyncFrame)
    this.stats.resyncsSent++
  }

  close(): void {
    this.state = 'closed'
  }

  private fill(): void {
    if (this.state !== 'open') return
    this.state = 'full'
    this.onFull()
  }
}
