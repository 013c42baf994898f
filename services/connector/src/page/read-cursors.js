/** Tells the server how far each conversation was read, the looks of one moment together. */

const delayMs = 300

export const createReadCursors = ({ request, onChange }) => {
  const timers = new Map()

  const report = async (conversation) => {
    timers.delete(conversation.id)
    const seq = conversation.to
    try {
      await request('read', { conversation: conversation.id, seq })
      conversation.readSeq = Math.max(conversation.readSeq, seq)
      onChange()
    } catch {
      // Reported again with the next look at it.
    }
  }
  return {
    look: (conversation) => {
      conversation.unread = 0
      if (conversation.isRoom || conversation.to <= conversation.readSeq || timers.has(conversation.id)) return
      timers.set(conversation.id, setTimeout(report, delayMs, conversation))
    },
    stop: () => {
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}
