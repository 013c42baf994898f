import type { Position, ReadModels, SyncedConversation, SyncPage, SyncQuery } from '@chat/read-models'
import { type Clock, isFault, withinMs } from '@chat/runtime'
import { readWaitMs } from '@chat/schemas/protocol'
import { encodeEventFrame, type PushedEvent } from '../deliveries/pushed-event.ts'
import type { Watermark } from '../watermark.ts'
import { catchUp } from './catch-up.ts'
import { Hold } from './hold.ts'
import type { Outbox } from './outbox.ts'
import { Seen } from './seen.ts'

export interface PushServices {
  readonly clock: Clock
  readonly readModels: ReadModels
  readonly watermark: Watermark
}

/** The pushes of one connection: live, or held back while a sync is answered. */
export class PushStream {
  /** What the client was shown. */
  readonly seen = new Seen()
  private readonly services: PushServices
  private readonly outbox: Outbox
  private hold: Hold | undefined
  /** Nothing up to here is pushed. Shared by the connections that asked at once: it costs one reference. */
  private startsAfter: readonly Position[] = []

  constructor(services: PushServices, outbox: Outbox) {
    this.services = services
    this.outbox = outbox
  }

  push(event: PushedEvent) {
    if (this.hold !== undefined) return this.hold.add(event, this.services.clock.monotonic())
    if (this.isBeforeStart(event)) return
    this.seen.note(event.partition, event.pos)
    this.outbox.push(event.frame)
  }

  /** Holds live pushes back until the function it returns is called; held by several, until the last one was. */
  holdBack(): () => void {
    this.hold ??= new Hold(this.services.clock.monotonic())
    const { hold } = this
    hold.depth++
    return () => this.release(hold)
  }

  /** Waits for what pushes come from, as long as they may be held back: those that a sync gave are not pushed as well then. */
  async heldUntil(ready: Promise<void>): Promise<void> {
    const { clock } = this.services
    await withinMs(clock, this.hold?.leftMs(clock.monotonic()) ?? 0, ready, undefined)
  }

  /**
   * For a client that says hello without a sync: only what comes from now on is pushed. While the log does not say within
   * `readWaitMs` where it ends, what is told again may come out of order, and nobody is kept out for that.
   */
  async startHere(): Promise<void> {
    const { clock, watermark } = this.services
    const end = await withinMs(clock, readWaitMs, watermark.now().catch(unreachable), undefined)
    if (end !== undefined) this.startsAfter = end
  }

  /** Answers a sync and lets the pushes go on after it without a gap. Rejects with the Fault that kept it from answering. [G1] */
  async catchUp(query: SyncQuery, answer: (page: SyncPage & { readonly stale?: true }) => void): Promise<void> {
    const release = this.holdBack()
    const { hold } = this
    const cover = (conversations: readonly SyncedConversation[]) => {
      for (const { id, to } of conversations) hold?.cover(id, to)
    }
    try {
      const caughtUp = await catchUp(this.services, query, {
        answer: (page, isStale) => {
          cover(page.conversations)
          answer(isStale ? { ...page, stale: true } : page)
        },
        topUp: (conversations) => {
          cover(conversations)
          for (const event of conversations.flatMap(({ events }) => events)) this.outbox.push(encodeEventFrame(event))
        },
        leftMs: () => hold?.leftMs(this.services.clock.monotonic()) ?? 0,
      })
      if (caughtUp.outcome === 'complete') this.startsAfter = caughtUp.to
      if (caughtUp.outcome === 'behind') hold?.giveUp()
      if (caughtUp.outcome === 'resync') this.outbox.resync()
    } finally {
      release()
    }
  }

  /**
   * A new owner of a partition tells the newest events again. To a connector where nobody was to be told of them before they are new;
   * to whoever came meanwhile they were given by his sync, or are the past, and would come out of order.
   */
  private isBeforeStart({ partition, pos }: PushedEvent): boolean {
    for (const start of this.startsAfter) if (start.partition === partition) return pos <= start.pos
    return false
  }

  private release(hold: Hold): void {
    hold.depth--
    if (hold.depth > 0) return
    this.hold = undefined
    const { events, hasDropped } = hold.end()
    for (const event of events) this.push(event)
    if (hasDropped) this.outbox.resync()
  }
}

const unreachable = (error: unknown): undefined => {
  if (!isFault(error)) throw error
}
