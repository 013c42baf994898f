import type { Clock } from '@chat/runtime'
import type { TcpSocket } from './tcp-socket.ts'

/** Who has something to say without being asked waits while more than this is queued, frames. */
const roomFrames = 32
/** A reader that is this far behind is closed, frames (1 KiB each): what is unread comes with the next login. */
const queuedFramesMax = 1_024
/** So is one that takes nothing for this long, ms. */
const stalledMaxMs = 60_000

interface Queued {
  /** undefined: nothing to send, only to be told when its turn has come. */
  readonly bytes: Buffer | undefined
  readonly written: (() => void) | undefined
}

/**
 * The one place that writes to such a client: it takes what one read gives it for one message, so frames go out one at a time with a pause
 * between two.
 */
export class PacedWriter {
  private readonly socket: TcpSocket
  private readonly clock: Clock
  private readonly pacingMs: number
  private readonly onTooSlow: () => void
  private queue: Queued[] = []
  private isSending = false
  private isStopped = false
  private waiting: (() => void)[] = []

  constructor(socket: TcpSocket, clock: Clock, pacingMs: number, onTooSlow: () => void) {
    this.socket = socket
    this.clock = clock
    this.pacingMs = pacingMs
    this.onTooSlow = onTooSlow
  }

  /** Queues a frame. `written` is called once the kernel has it, which may be never. */
  write(bytes: Buffer, written?: () => void): void {
    this.add({ bytes, written })
  }

  /** Calls `written` when all that was queued before was written. */
  afterQueued(written: () => void): void {
    this.add({ bytes: undefined, written })
  }

  /** Resolves with true when there is room, with false when it was stopped. */
  async room(): Promise<boolean> {
    while (!this.isStopped && this.queue.length >= roomFrames)
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    return !this.isStopped
  }

  /** Resolves when all was written, or when it was stopped. */
  async drained(): Promise<void> {
    while (!this.isStopped && (this.isSending || this.queue.length > 0))
      await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  /** What is queued is not sent. */
  clear(): void {
    this.queue = []
    this.wake()
  }

  /** Nothing more is sent, and nobody waits any more. */
  stop(): void {
    this.isStopped = true
    this.clear()
  }

  private add(queued: Queued) {
    if (this.isStopped) return
    this.queue.push(queued)
    if (this.queue.length > queuedFramesMax) return this.onTooSlow()
    if (!this.isSending) this.sendNext()
  }

  private sendNext(): void {
    const next = this.queue.shift()
    this.isSending = next !== undefined
    if (this.queue.length < roomFrames) this.wake()
    if (next === undefined) return
    const { bytes, written } = next
    if (bytes === undefined) {
      written?.()
      this.sendNext()
      return
    }
    const cancel = this.clock.after(stalledMaxMs, this.onTooSlow)
    this.socket.write(bytes, () => {
      cancel()
      if (this.isStopped) return
      written?.()
      this.clock.after(this.pacingMs, () => this.sendNext())
    })
  }

  private wake(): void {
    const { waiting } = this
    this.waiting = []
    for (const resolve of waiting) resolve()
  }
}
