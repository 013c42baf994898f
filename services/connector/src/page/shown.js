/**
 * What people see of a run of events, in its order: messages as they are now, and the other events. Edits, deletions and reactions show at
 * the message that they are about; what became of a message lies behind it in the run, so that doing it again to what history gave
 * changes nothing. Of a message that is not held there is nothing to show.
 */
export const shownOf = (events) => {
  const shown = new Map()
  for (const event of events) {
    const change = changes[event.type]
    if (change === undefined) shown.set(event.seq, event)
    else {
      const message = shown.get(event.data.seq)
      if (message !== undefined) shown.set(message.seq, { ...message, data: change(message.data, event) })
    }
  }
  return [...shown.values()]
}

const changes = {
  messageEdited: (data, { seq, data: { body } }) =>
    data.deleted || body === undefined || seq <= (data.editedSeq ?? 0) ? data : { ...data, body, editedSeq: seq },
  messageDeleted: ({ clientMsgId }) => ({ clientMsgId, deleted: true }),
  reactionAdded: (data, { actor, data: { emoji } }) => withReaction(data, emoji, (users) => [...users, actor], actor),
  reactionRemoved: (data, { actor, data: { emoji } }) => withReaction(data, emoji, (users) => users, actor),
}

/** `reactedBy`: emoji → users. */
const withReaction = (data, emoji, change, actor) => {
  if (data.deleted) return data
  const before = data.reactedBy?.get(emoji) ?? []
  const users = change(before.filter((user) => user !== actor))
  const reactedBy = new Map(data.reactedBy)
  if (users.length > 0) reactedBy.set(emoji, users)
  else reactedBy.delete(emoji)
  return { ...data, reactedBy }
}
