import type { Clock } from '@chat/runtime'
import type { ErrorCode } from '@chat/schemas/protocol'
import { refused } from '../answer.ts'
import type { Answer } from '../ports.ts'

/** Conversations held back at once; beyond it every other one is, until the time is over that the one too many was told. */
export const heldConversationsMax = 256
/** Refused writes of one conversation whose order is known; beyond it the conversation is held back for the whole time. */
export const heldWritesMax = 32

/**
 * A refusal is heard, and the write comes again, within this on top of the time it was told, ms. What was sent before the client could
 * know may come later than that time; one who gave a refused write up waits for so long with the next.
 */
export const comesAgainWithinMs = 10_000
/** What is behind a write whose time is over, and which did not come again yet, comes back after this, ms. */
export const behindRetryMs = 500

/** What is known of a write that is held back. One without a name of its own cannot be known again, and a new group has no order. */
export interface HeldWrite {
  readonly conversation?: string | undefined
  readonly clientMsgId?: string | undefined
}

type Refusal = Extract<Answer, { readonly error: ErrorCode }>

interface Held {
  /** When the first of them may come again. */
  readonly untilMs: number
  /** Refused and not seen again, in the order in which they came first. */
  readonly clientMsgIds: readonly string[]
  readonly isWhole: boolean
  /** What the first was refused with, and so those behind it. */
  readonly code: ErrorCode
}

/**
 * The conversations of one connection in which a write was refused for now. What comes behind it is refused too, until the refused ones
 * were let through in their order or did not come again: else the client, which sends them again, would find them overtaken. [G4]
 */
export class HeldBack {
  private readonly clock: Clock
  private readonly held = new Map<string, Held>()
  private allUntilMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.clock = clock
  }

  get isEmpty(): boolean {
    return this.held.size === 0 && this.isOver(this.allUntilMs)
  }

  /** The answer to a write that must not pass yet; undefined: it may. */
  refusal({ conversation, clientMsgId }: HeldWrite): Answer | undefined {
    if (conversation === undefined || clientMsgId === undefined) return undefined
    const held = this.current(conversation)
    if (held === undefined) return this.isOver(this.allUntilMs) ? undefined : this.wait(this.allUntilMs, 'unavailable')
    const { clientMsgIds, untilMs, code } = held
    if (clientMsgIds[0] === clientMsgId) return undefined
    if (!clientMsgIds.includes(clientMsgId)) this.held.set(conversation, withWrite(held, clientMsgId))
    return this.wait(untilMs, code)
  }

  /** It was refused for now; without a time it is not held back. */
  add({ conversation, clientMsgId }: HeldWrite, { error: code, retryAfterMs }: Refusal): void {
    if (conversation === undefined || clientMsgId === undefined || retryAfterMs === undefined) return
    const untilMs = this.clock.monotonic() + retryAfterMs
    const known = this.current(conversation)
    if (known !== undefined) this.held.set(conversation, { ...known, code, untilMs: Math.max(known.untilMs, untilMs) })
    else if (this.hasRoom()) this.held.set(conversation, { untilMs, clientMsgIds: [clientMsgId], isWhole: true, code })
    else this.allUntilMs = Math.max(this.allUntilMs, untilMs)
  }

  /** It was let through. */
  passed({ conversation }: HeldWrite): void {
    const held = conversation === undefined ? undefined : this.held.get(conversation)
    if (conversation === undefined || held === undefined) return
    const clientMsgIds = held.clientMsgIds.slice(1)
    if (clientMsgIds.length === 0 && held.isWhole) this.held.delete(conversation)
    else this.held.set(conversation, { ...held, clientMsgIds })
  }

  private current(conversation: string): Held | undefined {
    const held = this.held.get(conversation)
    if (held === undefined || !this.isOver(held.untilMs)) return held
    this.held.delete(conversation)
    return undefined
  }

  private hasRoom(): boolean {
    if (this.held.size < heldConversationsMax) return true
    for (const conversation of [...this.held.keys()]) this.current(conversation)
    return this.held.size < heldConversationsMax
  }

  private isOver(untilMs: number): boolean {
    return this.clock.monotonic() >= untilMs + comesAgainWithinMs
  }

  private wait(untilMs: number, code: ErrorCode): Answer {
    const leftMs = Math.max(behindRetryMs, Math.ceil(untilMs - this.clock.monotonic()))
    return refused(code, 'an earlier write to this conversation was refused for now', leftMs)
  }
}

const withWrite = (held: Held, clientMsgId: string): Held =>
  held.clientMsgIds.length < heldWritesMax
    ? { ...held, clientMsgIds: [...held.clientMsgIds, clientMsgId] }
    : { ...held, isWhole: false }
