/**
 * What this tab knows: conversations, and of each a gapless run of events, `from` to `to`. Pure bookkeeping; everything that
 * comes in is merged by `seq`, so it does not matter what arrives twice or in which order.
 */

/** Events kept of a conversation that is not open: enough for its line in the list and a first look. */
const keptEvents = 200

export const createStore = () => {
  const conversations = new Map()
  let syncToken

  const ensure = (id) => {
    const known = conversations.get(id)
    if (known !== undefined) return known
    const fresh = {
      id,
      kind: id.startsWith('d') ? 'direct' : 'group',
      title: undefined,
      with: undefined,
      events: new Map(),
      /** Empty run: from = to + 1. */
      from: 1,
      to: 0,
      lastSeq: 0,
      lastAt: '',
      unread: 0,
      readSeq: 0,
      isLeft: false,
      /** An online room: everybody takes part, and nothing in it is unread. */
      isRoom: false,
    }
    conversations.set(id, fresh)
    return fresh
  }

  const keep = (conversation, event) => {
    conversation.events.set(event.seq, event)
    if (event.at > conversation.lastAt) conversation.lastAt = event.at
  }

  /** A range that the server answers for. A newer one that does not touch the run replaces it, an older one is left out: a hole would look like silence. */
  const addRange = (id, { from, to, events }) => {
    const conversation = ensure(id)
    if (from > to) return
    const isEmpty = conversation.from > conversation.to
    const touches = from <= conversation.to + 1 && to >= conversation.from - 1
    if (!isEmpty && !touches && to < conversation.from) return
    for (const event of events) keep(conversation, event)
    conversation.from = isEmpty || !touches ? from : Math.min(from, conversation.from)
    conversation.to = isEmpty || !touches ? to : Math.max(to, conversation.to)
    conversation.lastSeq = Math.max(conversation.lastSeq, to)
    for (const seq of conversation.events.keys()) if (seq < conversation.from) conversation.events.delete(seq)
  }

  return {
    syncToken: () => syncToken,
    conversation: (id) => conversations.get(id),
    ensure,
    addRange,
    /** Newest first. */
    list: () =>
      [...conversations.values()].filter(({ isLeft }) => !isLeft).sort((a, b) => b.lastAt.localeCompare(a.lastAt)),
    /** In order of `seq`, of the gapless run only. */
    events: ({ events, to }) => [...events.values()].filter(({ seq }) => seq <= to).sort((a, b) => a.seq - b.seq),
    /** Highest seq held, of conversations where something is held. */
    known: () =>
      Object.fromEntries([...conversations.values()].filter(({ to }) => to > 0).map(({ id, to }) => [id, to])),

    applySync: (page) => {
      if (page.reset) conversations.clear()
      for (const synced of page.conversations) {
        const conversation = ensure(synced.id)
        conversation.title = synced.title
        conversation.with = synced.with
        conversation.unread = synced.unread
        conversation.readSeq = Math.max(conversation.readSeq, synced.readSeq)
        conversation.isLeft = synced.left === true
        conversation.isRoom = synced.membership === 'online'
        addRange(synced.id, synced)
        conversation.lastSeq = Math.max(conversation.lastSeq, synced.lastSeq)
      }
      syncToken = page.token
    },

    /** `next`: it continues the run. `gap`: something between is missing. `known`: it was there already. */
    applyEvent: (event) => {
      const conversation = ensure(event.conversation)
      if (event.type === 'groupCreated') conversation.isRoom = event.data.membership === 'online'
      conversation.lastSeq = Math.max(conversation.lastSeq, event.seq)
      if (event.seq <= conversation.to) return 'known'
      keep(conversation, event)
      if (event.seq > conversation.to + 1) return 'gap'
      while (conversation.events.has(conversation.to + 1)) conversation.to++
      if (conversation.from > event.seq) conversation.from = event.seq
      return 'next'
    },

    /** Old events of a conversation that is no longer open. */
    trim: (conversation) => {
      const from = conversation.to - keptEvents + 1
      if (from <= conversation.from) return
      conversation.from = from
      for (const seq of conversation.events.keys()) if (seq < from) conversation.events.delete(seq)
    },
  }
}
