/** Draws; decides nothing. Everything that people wrote goes through `textContent`. */

export const byId = (id) => document.getElementById(id)

const element = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties)
  node.append(...children)
  return node
}

const time = (at) => {
  const date = new Date(at)
  const isToday = date.toDateString() === new Date().toDateString()
  return isToday
    ? date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : date.toLocaleString([], { dateStyle: 'short', timeStyle: 'short' })
}

export const showScreen = (name) => {
  byId('welcome').hidden = name !== 'welcome'
  byId('chat').hidden = name !== 'chat'
  if (name === 'welcome') document.querySelector('#login [name=name]').focus()
}

export const showStatus = (status) => {
  const words = {
    connecting: 'connecting…',
    connected: '',
    waiting: 'not connected, trying again…',
    behind: 'catching up…',
  }
  byId('status').textContent = words[status]
}

/** One sentence for what an event says; undefined for messages. */
export const sentence = ({ type, actor, data }, nameOf) => {
  switch (type) {
    case 'messagePosted':
      return undefined
    case 'groupCreated':
      return `${nameOf(actor)} created the group`
    case 'memberJoined':
      return `${nameOf(data.user ?? actor)} joined`
    case 'memberLeft':
      return `${nameOf(data.user ?? actor)} left`
    case 'groupChanged':
      return `${nameOf(actor)} changed the group`
    case 'groupClosed':
      return `${nameOf(actor)} closed the group`
    case 'memberInvited':
      return `${nameOf(actor)} invited ${nameOf(data.user)}`
    case 'joinRequested':
      return `${nameOf(data.user)} asks to join`
    case 'joinRefused':
      return data.user === actor ? `${nameOf(actor)} does not join` : `${nameOf(actor)} refused ${nameOf(data.user)}`
    case 'memberRemoved':
      return `${nameOf(actor)} removed ${nameOf(data.user)}`
    case 'memberBanned':
      return `${nameOf(actor)} banned ${nameOf(data.user)}`
    case 'memberUnbanned':
      return `${nameOf(actor)} lifted the ban of ${nameOf(data.user)}`
    case 'memberMuted':
      return `${nameOf(actor)} ${data.untilMs > Date.now() ? 'muted' : 'unmuted'} ${nameOf(data.user)}`
    case 'roleChanged':
      return `${nameOf(actor)} made ${nameOf(data.user)} ${data.role}`
    case 'messagePinned':
      return `${nameOf(actor)} pinned a message`
    case 'messageUnpinned':
      return `${nameOf(actor)} unpinned a message`
    case 'friendRequested':
      return `${nameOf(actor)} asks to be friends`
    case 'friendWithdrawn':
      return `${nameOf(actor)} does not ask any more`
    case 'friendAccepted':
      return 'You are friends'
    case 'friendDeclined':
      return `${nameOf(actor)} does not want to be friends`
    case 'friendRemoved':
      return 'You are no friends any more'
    default:
      return type
  }
}

const textOf = (body) => (body === undefined ? 'deleted' : body.kind === 'text' ? body.text : `[${body.kind}]`)

export const drawList = (items, openId, { titleOf, nameOf, lastOf, onOpen }) => {
  const nodes = items.map((conversation) => {
    const last = lastOf(conversation)
    const preview = last && (sentence(last, nameOf) ?? `${nameOf(last.actor)}: ${textOf(last.data.body)}`)
    const button = element(
      'button',
      { onclick: () => onOpen(conversation.id) },
      element('span', { className: 'name', textContent: titleOf(conversation) }),
      ...(conversation.unread > 0 ? [unreadBadge(conversation.unread)] : []),
      element('span', { className: 'last', textContent: preview ?? '' }),
    )
    button.dataset.id = conversation.id
    if (conversation.id === openId) button.setAttribute('aria-current', 'true')
    return element('li', {}, button)
  })
  keepFocus(byId('conversations'), nodes)
}

const unreadBadge = (count) => {
  const badge = element('span', { className: 'unread', textContent: String(count) })
  badge.setAttribute('aria-label', `${count} unread`)
  return badge
}

/** The list is drawn anew while somebody walks it with the keyboard. */
const keepFocus = (list, nodes) => {
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : undefined
  list.replaceChildren(...nodes)
  if (focused !== undefined) list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus()
}

export const drawMessages = ({ events, waiting, hasEarlier, meId, nameOf, onDiscard }) => {
  const scroll = byId('scroll')
  const isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60
  const fromEnd = scroll.scrollHeight - scroll.scrollTop
  byId('earlier').hidden = !hasEarlier
  byId('messages').replaceChildren(
    ...events.map((event) => drawEvent(event, meId, nameOf)),
    ...waiting.map((message) => drawWaiting(message, onDiscard)),
  )
  scroll.scrollTop = isAtEnd ? scroll.scrollHeight : scroll.scrollHeight - fromEnd
}

export const scrollToEnd = () => {
  byId('scroll').scrollTop = byId('scroll').scrollHeight
}

const drawEvent = (event, meId, nameOf) => {
  const said = sentence(event, nameOf)
  if (said !== undefined) return element('li', { className: 'about', textContent: `${said} · ${time(event.at)}` })
  const isMine = event.actor === meId
  const { body, editedSeq, reactedBy } = event.data
  const when = editedSeq === undefined ? time(event.at) : `${time(event.at)} · edited`
  const meta = isMine ? when : `${nameOf(event.actor)} · ${when}`
  return element(
    'li',
    { className: isMine ? 'mine' : '' },
    element('div', { className: 'meta', textContent: meta }),
    element('p', { className: body === undefined ? 'text deleted' : 'text', textContent: textOf(body) }),
    ...(reactedBy?.size > 0 ? [drawReactions(reactedBy, nameOf)] : []),
  )
}

const drawReactions = (reactedBy, nameOf) =>
  element(
    'ul',
    { className: 'reactions' },
    ...[...reactedBy].map(([emoji, users]) =>
      element('li', {
        className: 'reaction',
        textContent: `${emoji} ${users.length}`,
        title: users.map(nameOf).join(', '),
      }),
    ),
  )

const drawWaiting = (message, onDiscard) => {
  const { problem, body } = message
  const meta = element('div', { className: problem ? 'problem' : 'meta', textContent: problem ?? 'sending…' })
  if (problem) meta.append(' ', element('button', { textContent: 'Discard', onclick: () => onDiscard(message) }))
  return element(
    'li',
    { className: problem ? 'mine' : 'mine waiting' },
    meta,
    element('p', { className: 'text', textContent: body.text }),
  )
}

export const drawMembers = (members) => {
  byId('members').replaceChildren(
    ...members.map(({ user, role }) =>
      element('li', { textContent: role === 'member' ? user.displayName : `${user.displayName} (${role})` }),
    ),
  )
}
