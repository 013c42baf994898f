import { type Clock, sleep } from '@chat/runtime'
import type { Line } from './line.ts'

/** Cursors asked for at once. */
const cursorsAtOnceMax = 16
/** What could not be written is tried again after this, ms. */
const againAfterMs = 1_000

/** Moves the user's cursors to what was written to his client: what it was not is unread, and comes with the next login. */
export class Cursors {
  private readonly line: Line
  private readonly clock: Clock
  private readonly waiting = new Map<string, number>()
  private isMoving = false

  constructor(line: Line, clock: Clock) {
    this.line = line
    this.clock = clock
  }

  /** Everything of the conversation up to `seq` was written. */
  note(conversation: string, seq: number): void {
    this.waiting.set(conversation, Math.max(seq, this.waiting.get(conversation) ?? 0))
    if (!this.isMoving) void this.moveAll()
  }

  /** Hands over what is left. The line that is closed next has it written at once, and nobody waits for it. */
  leave(): void {
    for (const [conversation, seq] of this.waiting) void this.line.request('read', { conversation, seq })
    this.waiting.clear()
  }

  /** Never rejects, as the line does not. */
  private async moveAll(): Promise<void> {
    this.isMoving = true
    while (this.waiting.size > 0 && this.line.isOpen) {
      const some = [...this.waiting].slice(0, cursorsAtOnceMax)
      for (const [conversation] of some) this.waiting.delete(conversation)
      const answers = await Promise.all(
        some.map(([conversation, seq]) => this.line.request('read', { conversation, seq })),
      )
      const failed = some.filter((_, index) => {
        const answer = answers[index]
        return answer?.op === 'error' && answer.retry === 'later'
      })
      if (failed.length === 0) continue
      for (const [conversation, seq] of failed)
        this.waiting.set(conversation, Math.max(seq, this.waiting.get(conversation) ?? 0))
      await sleep(this.clock, againAfterMs)
    }
    this.isMoving = false
  }
}
