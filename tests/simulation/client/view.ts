import type { ShownBy } from '../../faults/history.ts'
import { printOf } from '../../faults/history.ts'
import type { Recorder } from '../../faults/recorder.ts'

/** An event as the wire has it. */
export interface WireEvent {
  readonly seq: number
  readonly type: string
  readonly actor: number
  readonly at: string
  readonly data: Readonly<Record<string, unknown>>
}

/** A range that a page answers for, with what of it is visible. */
export interface PageOfEvents {
  readonly from: number
  readonly to: number
  readonly events: readonly WireEvent[]
}

/** What one device shows: per conversation everything up to `coveredTo`, in order, each once. */
export interface View {
  coveredTo(conversation: string): number
  /** Returns whether something before it is missing. */
  takePush(conversation: string, event: WireEvent): boolean
  /** Returns whether something before the page is missing. */
  takePage(conversation: string, page: PageOfEvents, by: ShownBy): boolean
  hasGap(conversation: string): boolean
  conversations(): readonly string[]
  /** Seqs of the messages that it shows. */
  messages(conversation: string): readonly number[]
  /** conversation → the highest seq held. */
  known(): Readonly<Record<string, number>>
  /** Writes all of it into the history; returns how many lines. */
  dump(): number
}

interface Held {
  coveredTo: number
  /** Ahead of a gap. */
  readonly ahead: Map<number, WireEvent>
  readonly seqs: number[]
  readonly clientMsgIds: (string | null)[]
  readonly prints: number[]
}

const messageIdOf = (event: WireEvent): string | null =>
  event.type === 'messagePosted' && typeof event.data.clientMsgId === 'string' ? event.data.clientMsgId : null

export const seenOf = (event: WireEvent) => ({
  seq: event.seq,
  type: event.type,
  actor: event.actor,
  clientMsgId: messageIdOf(event),
  print: printOf(event),
})

export const createView = (device: string, recorder: Recorder): View => {
  const all = new Map<string, Held>()

  const heldOf = (conversation: string): Held => {
    const found = all.get(conversation)
    if (found !== undefined) return found
    const made = { coveredTo: 0, ahead: new Map(), seqs: [], clientMsgIds: [], prints: [] }
    all.set(conversation, made)
    return made
  }

  const show = (conversation: string, held: Held, event: WireEvent, by: ShownBy) => {
    const clientMsgId = messageIdOf(event)
    recorder.record({ what: 'shown', device, conversation, seq: event.seq, clientMsgId, by })
    held.seqs.push(event.seq)
    held.clientMsgIds.push(clientMsgId)
    held.prints.push(printOf(event))
  }

  /** What waited behind a gap that is closed now. */
  const showOn = (conversation: string, held: Held) => {
    for (const seq of held.ahead.keys()) if (seq <= held.coveredTo) held.ahead.delete(seq)
    for (let next = held.ahead.get(held.coveredTo + 1); next !== undefined; ) {
      held.ahead.delete(next.seq)
      held.coveredTo = next.seq
      show(conversation, held, next, 'push')
      next = held.ahead.get(held.coveredTo + 1)
    }
  }

  const hasGap = (conversation: string) => (all.get(conversation)?.ahead.size ?? 0) > 0

  return {
    coveredTo: (conversation) => all.get(conversation)?.coveredTo ?? 0,
    takePush: (conversation, event) => {
      const held = heldOf(conversation)
      if (event.seq <= held.coveredTo) return false
      held.ahead.set(event.seq, event)
      showOn(conversation, held)
      return hasGap(conversation)
    },
    takePage: (conversation, { from, to, events }, by) => {
      const held = heldOf(conversation)
      if (from > held.coveredTo + 1) return true
      for (const event of events) if (event.seq > held.coveredTo) show(conversation, held, event, by)
      held.coveredTo = Math.max(held.coveredTo, to)
      showOn(conversation, held)
      return hasGap(conversation)
    },
    hasGap,
    conversations: () => [...all.keys()],
    messages: (conversation) => {
      const { seqs, clientMsgIds } = all.get(conversation) ?? { seqs: [], clientMsgIds: [] }
      return seqs.filter((_, index) => clientMsgIds[index] !== null)
    },
    known: () => Object.fromEntries([...all].map(([id, { coveredTo }]) => [id, coveredTo])),
    dump: () => {
      for (const [conversation, { coveredTo, seqs, clientMsgIds, prints }] of all)
        recorder.record({ what: 'deviceState', device, conversation, coveredTo, seqs, clientMsgIds, prints })
      return all.size
    },
  }
}
