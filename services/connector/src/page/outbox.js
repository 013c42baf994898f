import { uuidV7 } from './ids.js'

/**
 * Messages that are not answered yet, kept over reloads of the tab. Each conversation sends one at a time, each names the one
 * before (`after`), and after a reconnect the same id is sent again: nothing is lost, doubled or reordered.
 */

const key = 'chat.outbox'
const retryMs = 1000

export const createOutbox = ({ request, onChange, onAccepted }) => {
  let messages = JSON.parse(sessionStorage.getItem(key) ?? '[]')
  /** Conversation → id of the last accepted message of this tab. */
  const accepted = new Map()
  const sending = new Set()

  const save = () => {
    sessionStorage.setItem(key, JSON.stringify(messages))
    onChange()
  }
  const remove = (message) => {
    messages = messages.filter((other) => other !== message)
    save()
  }

  const sendNext = async (conversation) => {
    const message = messages.find((other) => other.conversation === conversation && other.problem === undefined)
    if (message === undefined || sending.has(conversation)) return
    sending.add(conversation)
    const { to, clientMsgId, body } = message
    // null is an answer: nothing is to be named any more.
    if (message.after === undefined) message.after = accepted.get(conversation) ?? null
    try {
      const after = message.after === null ? {} : { after: message.after }
      const ok = await request('send', { to, clientMsgId, body, ...after })
      accepted.set(conversation, clientMsgId)
      onAccepted(message, ok)
      remove(message)
    } catch (error) {
      if (error.code === 'disconnected') return // `resend` comes with the next connection.
      // The one before was accepted, so its order is safe; it is only too long ago for the server to remember.
      if (error.code === 'out_of_order') message.after = null
      if (error.retry === 'later' || error.retry === 'reconnect') {
        await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? retryMs))
      } else {
        message.problem = error.message
        save()
      }
    } finally {
      sending.delete(conversation)
    }
    sendNext(conversation)
  }

  return {
    send: (conversation, to, text) => {
      messages.push({ conversation, to, clientMsgId: uuidV7(), body: { kind: 'text', text } })
      save()
      sendNext(conversation)
    },
    resend: () => {
      for (const conversation of new Set(messages.map((message) => message.conversation))) sendNext(conversation)
    },
    discard: remove,
    of: (conversation) => messages.filter((message) => message.conversation === conversation),
    clear: () => {
      messages = []
      sessionStorage.removeItem(key)
    },
  }
}
