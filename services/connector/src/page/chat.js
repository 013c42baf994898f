import { createCatchUp } from './catch-up.js'
import { createCommands } from './commands.js'
import { createConnection } from './connection.js'
import { createOutbox } from './outbox.js'
import { createPeople } from './people.js'
import { createReadCursors } from './read-cursors.js'
import { createScreen } from './screen.js'
import { createStore } from './store.js'
import { drawMembers, showStatus } from './view.js'

/** Somebody who is logged in: puts the parts together. `onEnded` gets a sentence when it is over. */
export const createChat = ({ user, onEnded }) => {
  const store = createStore()
  const draw = () => screen.draw()
  const connection = createConnection({
    onOpen: () => {
      outbox.resend()
      return catchUp.sync()
    },
    onPush: (frame) => {
      // What has no place in a conversation is shown nowhere here.
      if (frame.op === 'event' && frame.seq !== undefined) receive(frame)
      if (frame.op === 'resync') catchUp.sync()
    },
    onStatus: showStatus,
    onEnded,
  })
  const { request } = connection
  const people = createPeople({ request, onChange: draw })
  const catchUp = createCatchUp({ store, request, onChange: draw, onStatus: showStatus })
  const cursors = createReadCursors({ request, onChange: draw })
  const commands = createCommands({ request, user, people })
  const outbox = createOutbox({
    request,
    onChange: draw,
    onAccepted: ({ clientMsgId, body }, { conversation, seq, at }) => {
      // A repeated answer has no time: the event itself comes by push or sync.
      if (at === undefined) return
      receive({ conversation, seq, type: 'messagePosted', actor: user.id, at, data: { clientMsgId, body } })
    },
  })
  const receive = createReceiver({ store, user, catchUp, describe, draw })
  const screen = createScreen({
    ...{ store, user, people, onOpen: open, onLook: cursors.look },
    ...{ waitingOf: outbox.of, onDiscard: outbox.discard },
  })
  people.learn(user)

  async function describe(conversation) {
    try {
      const { conversation: described } = await request('conversation', { conversation: conversation.id })
      conversation.title = described.title
      draw()
    } catch {
      // The next sync brings its title.
    }
  }

  function open(id) {
    const left = store.conversation(screen.openId())
    if (left !== undefined && left.id !== id) store.trim(left)
    if (id !== undefined) {
      const conversation = store.ensure(id)
      if (conversation.from > conversation.to) catchUp.fill(conversation)
      if (conversation.title === undefined && conversation.kind === 'group') describe(conversation)
    }
    screen.open(id)
  }

  return {
    draw,
    open,
    start: connection.connect,
    stop: () => {
      connection.stop()
      catchUp.stop()
      cursors.stop()
    },
    /** Forgets what was not sent. */
    clear: outbox.clear,
    sendText: (text) => {
      const id = screen.openId()
      outbox.send(id, id.startsWith('d') ? { user: screen.otherOf(id) } : { conversation: id }, text)
      screen.sent()
    },
    earlier: async () => {
      const { id, from } = store.conversation(screen.openId())
      store.addRange(id, await request('history', { conversation: id, before: from }))
      draw()
    },
    talkWith: async (name) => open(await commands.talkWith(name)),
    join: async (name) => open(await commands.join(name)),
    create: async (group) => open(await commands.create(group)),
    leave: async () => {
      const id = screen.openId()
      await commands.leave(id)
      store.ensure(id).isLeft = true
      open(undefined)
    },
    showMembers: async () => drawMembers(await commands.members(screen.openId())),
  }
}

/** A live event: into the store, and whatever follows from it. */
const createReceiver =
  ({ store, user, catchUp, describe, draw }) =>
  (event) => {
    const isNew = store.conversation(event.conversation) === undefined
    const conversation = store.ensure(event.conversation)
    const outcome = store.applyEvent(event)
    if (outcome === 'gap') catchUp.fillLater(conversation, event.seq)
    const isNews = outcome !== 'known' && event.type === 'messagePosted' && event.actor !== user.id
    if (isNews && !conversation.isRoom) conversation.unread++
    const isAboutMe = (event.data.user ?? event.actor) === user.id
    if (isAboutMe && endsStay(event.type)) conversation.isLeft = true
    if (event.type === 'memberJoined' && isAboutMe) conversation.isLeft = false
    if (isNew && conversation.kind === 'group') describe(conversation)
    draw()
  }

/** Whoever hears this of himself is no member after it. */
const endsStay = (type) => /^(member(Left|Removed|Banned|Invited)|joinRefused)$/.test(type)
