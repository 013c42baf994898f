import { type Clock, type Random, sleep } from '@chat/runtime'
import type { Socket } from '../../ports.ts'
import type { LinePorts } from '../line.ts'
import { type ActionReply, encodeReply } from './codec.ts'

/** What the kernel did not take yet is looked at again after this, ms. */
const lookAgainMs = 20
/** A reader that takes nothing for this long is closed, ms: what is unread comes with the next login. */
const stalledMaxMs = 60_000

/** The one place that writes to a client of this dialect. */
export class Writer {
  private readonly socket: Socket
  private readonly clock: Clock
  private readonly random: Random
  private readonly onTooSlow: () => void
  private isStopped = false

  constructor(socket: Socket, { clock, random }: Pick<LinePorts, 'clock' | 'random'>, onTooSlow: () => void) {
    this.socket = socket
    this.clock = clock
    this.random = random
    this.onTooSlow = onTooSlow
  }

  write(reply: ActionReply): void {
    if (this.isStopped) return
    // As these servers made them: ms, and a random number below 1,000 to tell those of one ms apart.
    this.socket.send(encodeReply(this.clock.now() * 1_000 + this.below(1_000), reply))
  }

  refuse(code: number, message: string): void {
    this.write({ action: 'error', data: { code, message, ext: '' } })
  }

  below(bound: number): number {
    return Math.floor(this.random.fraction() * bound)
  }

  /** Resolves with true once the kernel has all that was written, with false when it never will. */
  async flushed(): Promise<boolean> {
    // What is written in one run of code goes to the kernel at its end.
    await undefined
    let left = this.socket.bufferedBytes()
    let movedAtMs = this.clock.monotonic()
    while (!this.isStopped && left > 0) {
      await sleep(this.clock, lookAgainMs)
      const now = this.socket.bufferedBytes()
      if (now < left) movedAtMs = this.clock.monotonic()
      left = now
      if (!this.isStopped && this.clock.monotonic() - movedAtMs > stalledMaxMs) this.onTooSlow()
    }
    return !this.isStopped
  }

  stop(): void {
    this.isStopped = true
  }
}
