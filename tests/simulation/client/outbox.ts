import type { Random } from '@chat/runtime'
import type { Machine } from '../machine.ts'
import { type Frame, Refused, type Session } from './session.ts'

/** Something that must happen once: sent again under the same id until it is answered. */
export interface Write {
  readonly op: string
  /** Writes of one conversation keep their order. A group that is being created has a name of its own. */
  readonly conversation: string
  readonly clientMsgId: string
  readonly fields: Frame
  readonly onAccepted?: (frame: Frame) => void
}

export interface Outbox {
  add(write: Write): void
  /** Sends what may go. */
  pump(): void
  /** The connection went: whatever is unanswered goes again, in order. */
  connectionLost(): void
  size(): number
}

interface Entry extends Write {
  state: 'queued' | 'sent'
}

/** Unanswered writes at once: below the server's 32. */
const windowMax = 12

/** PROTOCOL §2: ordered resends under the same `clientMsgId`, each send naming the one before it in `after`. */
export const createOutbox = (machine: Machine, random: Random, session: () => Session | undefined): Outbox => {
  const entries: Entry[] = []
  const lastAccepted = new Map<string, string>()
  /** Conversation → the timer that ends its wait. A time would be compared with a clock that rounds otherwise than the timer. */
  const held = new Map<string, object>()

  const remove = (entry: Entry) => {
    const at = entries.indexOf(entry)
    if (at !== -1) entries.splice(at, 1)
  }

  const accepted = (entry: Entry, frame: Frame) => {
    remove(entry)
    if (entry.op === 'send') lastAccepted.set(entry.conversation, entry.clientMsgId)
    entry.onAccepted?.(frame)
    pump()
  }

  const failed = (entry: Entry, error: unknown) => {
    entry.state = 'queued'
    if (!(error instanceof Refused)) return // The next connection pumps again.
    // Too many requests of a friend, say: what is there already. A person does not ask again at once.
    if (error.isFinal || error.code === 'too_many') remove(entry)
    const waitMs = Number(error.frame.retryAfterMs ?? 50 + random.fraction() * 200)
    const { conversation } = entry
    const timer = {}
    held.set(conversation, timer)
    machine.clock.after(waitMs, () => {
      if (held.get(conversation) === timer) held.delete(conversation)
      pump()
    })
  }

  const afterOf = (entry: Entry, index: number): string | undefined => {
    if (entry.op !== 'send') return undefined
    const before = entries
      .slice(0, index)
      .findLast(({ conversation, op }) => conversation === entry.conversation && op === 'send')
    return before?.clientMsgId ?? lastAccepted.get(entry.conversation)
  }

  const post = (entry: Entry, index: number, to: Session) => {
    entry.state = 'sent'
    const after = afterOf(entry, index)
    const { op, clientMsgId, fields } = entry
    to.request({ ...fields, op, clientMsgId, ...(after === undefined ? {} : { after }) }).then(
      (frame) => accepted(entry, frame),
      (error: unknown) => failed(entry, error),
    )
  }

  const pump = () => {
    const to = session()
    if (to === undefined || !to.isOpen()) return
    let underWay = entries.filter(({ state }) => state === 'sent').length
    const blocked = new Set<string>()
    for (const [index, entry] of [...entries].entries()) {
      if (underWay >= windowMax) return
      const { conversation } = entry
      if (entry.state === 'sent' || blocked.has(conversation)) continue
      const isOvertaken = entries
        .slice(index + 1)
        .some((later) => later.conversation === conversation && later.state === 'sent')
      if (held.has(conversation) || isOvertaken) blocked.add(conversation)
      else {
        post(entry, index, to)
        underWay++
      }
    }
  }

  return {
    add: (write) => {
      entries.push({ ...write, state: 'queued' })
      pump()
    },
    pump,
    connectionLost: () => {
      for (const entry of entries) entry.state = 'queued'
    },
    size: () => entries.length,
  }
}
