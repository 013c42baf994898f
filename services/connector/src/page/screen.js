import { shownOf } from './shown.js'
import { byId, drawList, drawMessages, scrollToEnd } from './view.js'

/** What is drawn when: many changes, one drawing a frame. Knows which conversation is open. */
export const createScreen = ({ store, user, people, waitingOf, onDiscard, onOpen, onLook }) => {
  let openId
  let isDue = false

  const otherOf = (id) => {
    const [lo, hi] = id.slice(1).split('.').map(Number)
    return lo === user.id ? hi : lo
  }
  const titleOf = ({ id, kind, title }) => title ?? (kind === 'direct' ? people.nameOf(otherOf(id)) : id)

  const drawNow = () => {
    const open = openId === undefined ? undefined : store.conversation(openId)
    if (open !== undefined && !document.hidden) onLook(open)
    drawList(store.list(), openId, {
      titleOf,
      nameOf: people.nameOf,
      lastOf: (conversation) => shownOf(store.events(conversation)).at(-1),
      onOpen,
    })
    byId('open').hidden = open === undefined
    byId('nothing-open').hidden = open !== undefined
    byId('chat').classList.toggle('reading', open !== undefined)
    if (open !== undefined) drawOpen(open)
  }

  const drawOpen = (open) => {
    byId('title').textContent = titleOf(open)
    byId('leave').hidden = open.kind === 'direct' || open.isLeft || open.isRoom
    byId('members-button').hidden = open.kind === 'direct' || open.isRoom
    const events = shownOf(store.events(open))
    const accepted = new Set(events.map((event) => event.data.clientMsgId))
    drawMessages({
      events,
      waiting: waitingOf(openId).filter(({ clientMsgId }) => !accepted.has(clientMsgId)),
      hasEarlier: open.from > 1 && open.to >= open.from,
      meId: user.id,
      nameOf: people.nameOf,
      onDiscard,
    })
  }

  return {
    openId: () => openId,
    otherOf,
    draw: () => {
      if (isDue) return
      isDue = true
      requestAnimationFrame(() => {
        isDue = false
        drawNow()
      })
    },
    /** undefined: none. */
    open: (id) => {
      openId = id
      byId('members').hidden = true
      byId('members-button').setAttribute('aria-expanded', 'false')
      byId('compose-problem').textContent = ''
      drawNow()
      if (id === undefined) return
      scrollToEnd()
      document.querySelector('#compose textarea').focus()
    },
    sent: () => {
      drawNow()
      scrollToEnd()
    },
  }
}
