import { createMarks } from '@chat/domain'
import { type Cancel, type Clock, every } from '@chat/runtime'
import type { SlotHints, TypingHint } from '@chat/schemas'
import { typingShownMs } from '@chat/schemas/protocol'

/** How often it is looked whose typing is over, ms. */
const tickMs = 1_000
/** Users in conversations who are shown typing here at once; more are not shown. */
const typingMax = 10_000

/**
 * Cursors of users in conversations that were pushed last: a router that was frozen may tell older ones than the owner after it. Some
 * 150 bytes each.
 */
const marksMax = 20_000

/** Pushes receipts and typing to those of their users who are here. Who is shown typing is shown so no longer than his last signal says. */
export interface Hints {
  start(): void
  stop(): void
  take(hints: SlotHints): void
}

interface Typing {
  readonly hint: TypingHint
  /** Monotonic ms. */
  readonly endsMs: number
}

interface Ports {
  readonly clock: Clock
  readonly tell: (users: readonly number[], frame: Buffer) => void
}

export const createHints = ({ clock, tell }: Ports): Hints => {
  /** By `conversation|user`, the one that ends first at the front. */
  const typing = new Map<string, Typing>()
  const marks = createMarks(marksMax)
  let cancelTick: Cancel = () => {}

  const pushTyping = ({ conversation, user, users }: TypingHint, isTyping: boolean) =>
    tell(users, frameOf({ op: 'typing', conversation, user, isTyping }))

  const type = (hint: TypingHint) => {
    const key = `${hint.conversation}|${hint.user}`
    const wasTyping = typing.delete(key)
    if (hint.isTyping && typing.size >= typingMax) return
    if (hint.isTyping) typing.set(key, { hint, endsMs: clock.monotonic() + typingShownMs })
    // Whoever connected since has not seen him begin: a renewal is told as well.
    if (hint.isTyping || wasTyping) pushTyping(hint, hint.isTyping)
  }

  const expire = () => {
    for (const [key, { hint, endsMs }] of typing) {
      if (endsMs > clock.monotonic()) return
      typing.delete(key)
      pushTyping(hint, false)
    }
  }

  return {
    start: () => {
      cancelTick = every(clock, tickMs, expire)
    },
    stop: () => cancelTick(),
    take: ({ receipts, typing: hints }) => {
      for (const { users, ...receipt } of receipts) {
        const { conversation, user } = receipt
        const mark = marks.advance(receipt)
        if (mark !== undefined) tell(users, frameOf({ op: 'receipt', conversation, user, ...mark }))
      }
      for (const hint of hints) type(hint)
    },
  }
}

const frameOf = (push: object): Buffer => Buffer.from(JSON.stringify(push))
