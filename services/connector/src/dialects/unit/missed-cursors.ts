import type { Cursors } from '../cursors.ts'
import type { InboxEvent } from '../inbox.ts'

/**
 * Moves the cursors of somebody who is told at once what happens, and what he missed when he asks for it: where something is missed, the cursor does not
 * pass it for what came later.
 */
export class MissedCursors {
  private readonly cursors: Cursors
  /** By conversation with something missed: up to where was shown what came later. */
  private readonly held: Map<string, number>

  constructor(missed: readonly string[], cursors: Cursors) {
    this.cursors = cursors
    this.held = new Map(missed.map((conversation) => [conversation, 0]))
  }

  /** Something that happened now was written. */
  shown({ conversation, seq }: InboxEvent['event']): void {
    const held = this.held.get(conversation)
    if (held === undefined) this.cursors.note(conversation, seq)
    else this.held.set(conversation, Math.max(held, seq))
  }

  /** Missed events were taken; `left`: the conversations that have more. Returns what is to be called when they were written. */
  taken(events: readonly InboxEvent[], left: readonly string[]): () => void {
    const more = new Set(left)
    const done = [...this.held.keys()].filter((conversation) => !more.has(conversation))
    return () => {
      for (const { event } of events) this.cursors.note(event.conversation, event.seq)
      for (const conversation of done) {
        const held = this.held.get(conversation) ?? 0
        this.held.delete(conversation)
        if (held > 0) this.cursors.note(conversation, held)
      }
    }
  }
}
