import type { PushedEvent } from '../deliveries/pushed-event.ts'

/** Pushes held back while a sync is answered, bytes. */
const heldBytesMax = 256 * 1024
/** And for how long, ms. */
export const holdMaxMs = 2000

/**
 * Live pushes of one connection while a sync is under way. Over its bounds they are dropped, and the connection is told to sync
 * again. At the end those that the sync did not give go out. [G1]
 */
export class Hold {
  /** Syncs under way. */
  depth = 0
  private readonly since: number
  private events: PushedEvent[] = []
  private bytes = 0
  private hasDropped = false
  /** Conversation → the seq up to which the sync answered. */
  private readonly answered = new Map<string, number>()

  constructor(nowMs: number) {
    this.since = nowMs
  }

  add(event: PushedEvent, nowMs: number): void {
    this.bytes += event.frame.length
    if (this.bytes > heldBytesMax || this.leftMs(nowMs) <= 0) this.drop()
    if (!this.hasDropped) this.events.push(event)
  }

  leftMs(nowMs: number): number {
    return Math.max(0, holdMaxMs - (nowMs - this.since))
  }

  cover(conversation: string, to: number): void {
    this.answered.set(conversation, Math.max(to, this.answered.get(conversation) ?? 0))
  }

  /** The sync did not get as far as it had to: what is held may have gaps before it. */
  giveUp(): void {
    if (this.events.length > 0) this.drop()
  }

  /** What is left to push. `hasDropped`: the connection needs a resync. */
  end(): { readonly events: readonly PushedEvent[]; readonly hasDropped: boolean } {
    // [G2]
    const events = this.events.filter(({ place }) => place === undefined || place.seq > this.answeredTo(place))
    return { events, hasDropped: this.hasDropped }
  }

  private answeredTo({ conversation }: { readonly conversation: string }): number {
    return this.answered.get(conversation) ?? 0
  }

  private drop(): void {
    this.hasDropped = true
    this.events = []
  }
}
