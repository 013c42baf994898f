/** Counted over the life of the device. */
export interface WireCounts {
  /** `event` pushes. */
  pushes: number
  /** The same (conversation, seq) pushed twice on one connection. */
  repeats: number
  /** Pushed after a higher seq of its conversation on the same connection, for the first time there. */
  disorders: string[]
  /** The same seq with another content: must never happen. */
  contradictions: string[]
  connects: number
  closes: number[]
  resyncs: number
  /** Sends that went out again because the answer to an earlier try was missing or asked for it. */
  resends: number
  /** Sends answered with `duplicate`: an earlier try had been accepted. */
  duplicates: number
  /** Pages of `sync`, and conversations on them that came `truncated`, so that `history` had to fill them. */
  syncPages: number
  truncations: number
}

export const nothingCounted = (): WireCounts => ({
  pushes: 0,
  repeats: 0,
  disorders: [],
  contradictions: [],
  connects: 0,
  closes: [],
  resyncs: 0,
  resends: 0,
  duplicates: 0,
  syncPages: 0,
  truncations: 0,
})

/** Counts what one connection is pushed. */
export interface PushOrder {
  note(conversation: string, seq: number): void
}

export const createPushOrder = (wire: WireCounts): PushOrder => {
  const conversations = new Map<string, { readonly seqs: Set<number>; last: number }>()
  return {
    note: (conversation, seq) => {
      wire.pushes++
      const pushed = conversations.get(conversation) ?? { seqs: new Set(), last: 0 }
      conversations.set(conversation, pushed)
      if (pushed.seqs.has(seq)) wire.repeats++
      else if (seq < pushed.last) wire.disorders.push(`${conversation}: ${seq} after ${pushed.last}`)
      pushed.seqs.add(seq)
      pushed.last = Math.max(pushed.last, seq)
    },
  }
}
