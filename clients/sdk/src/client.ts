import { ChatError } from './chat-error.ts'
import type { Conversation } from './conversation.ts'
import { type ConversationHandles, createConversationHandles } from './conversation-handles.ts'
import type { ClosedReason, Connection, OfflineReason } from './domain/connection.ts'
import type { ChatEvent, MessagePosted, PlacelessEvent } from './domain/event.ts'
import { isMessage } from './domain/event.ts'
import { createEmitter, type Emitter } from './emitter.ts'
import { isHint, type Presence, type Receipt, type Typing } from './hints.ts'
import { createMessageIds, directConversation } from './ids.ts'
import { createLink, type Link } from './link.ts'
import { createFetchJson, openWebSocket, systemClock, systemRandom } from './platform.ts'
import type { Ports } from './ports.ts'
import { createReplicaRunner, type FailedMessage, type Notice, type ReplicaRunner } from './replica-runner.ts'
import type { FieldsOf, NewGroup, OkOf, Op, Page, User, WriteOp } from './requests.ts'
import { createSessions, type Login, type Registration, type Session } from './sessions.ts'
import { memoryStorage } from './storage/memory.ts'
import { createStream } from './stream.ts'
import { createWriter, type Writer } from './writer.ts'

export interface ClientOptions extends Partial<Ports> {
  /** Of any connector, or of what stands in front of them: `https://chat.example.org`. */
  readonly url: string
  /** Hears what nobody else can: a storage that fails, a listener that throws. By default it goes to the console. */
  readonly onFault?: (error: unknown) => void
}

export type ConnectionState =
  | { readonly status: 'connecting' | 'connected' }
  /** It is tried again by itself. */
  | { readonly status: 'offline'; readonly reason: OfflineReason }
  /** Only `connect` tries again. `code`: of the close that ended it. */
  | { readonly status: 'closed'; readonly reason: ClosedReason; readonly code?: number }

export interface ClientEvents {
  readonly state: ConnectionState
  /** New to this client, in order within its conversation, each once. What was there when `connect` resolved is not new. */
  readonly event: ChatEvent
  /** The messages among them, the own ones of this and other devices included. */
  readonly message: MessagePosted
  /** What nobody else is told, such as a block of one's own. */
  readonly told: PlacelessEvent
  /** What a conversation shows has changed. */
  readonly change: Conversation
  /** An own message was refused for good; it stays in the view as `failed`. */
  readonly failed: FailedMessage
  /** Somebody whom `request('presence.watch', …)` named came or went. Watch again after each reconnect. */
  readonly presence: Presence
  /** Somebody writes; the server says when he does no more. Nobody does when the connection is lost. */
  readonly typing: Typing
  /** How far a member of a conversation of at most 64 is. */
  readonly receipt: Receipt
  /** The server has something to say, such as that it is about to restart. */
  readonly notice: Notice
}

/** One device of one user. Nothing of it throws what it does not say; refusals are ChatError. */
export interface Client extends AsyncIterable<ChatEvent> {
  readonly state: ConnectionState
  /** Whoever is logged in. */
  readonly user: User | undefined
  register(registration: Registration): Promise<User>
  logIn(login: Login): Promise<User>
  /** Goes on with the session that the storage has; undefined: it has none. */
  resume(): Promise<User | undefined>
  /**
   * Connects, and stays so until `close`. Resolves when it is connected and knows what was there; rejects with `closed` when that
   * cannot be.
   */
  connect(): Promise<void>
  /** Does not wait until the next try is due: the network is back. */
  retry(): void
  on<Name extends keyof ClientEvents>(name: Name, listener: (value: ClientEvents[Name]) => void): () => void
  /** Those that this client knows of, the ones with the newest event first. */
  conversations(): readonly Conversation[]
  conversation(id: string): Conversation
  /** The conversation with one person, whether it has begun or not. */
  direct(userId: number): Conversation
  createGroup(group: NewGroup): Promise<Conversation>
  joinGroup(group: { readonly name: string } | { readonly conversation: string }): Promise<Conversation>
  leaveGroup(conversation: string): Promise<void>
  findUser(by: { readonly name: string } | { readonly id: number }): Promise<User>
  users(query: string, after?: string): Promise<Page<User>>
  /**
   * Any request that changes something, but `send`: with one id until it is answered, so that it has its effect once, however often the
   * connection is lost. Rejects with ChatError when it was refused, or the client was closed.
   */
  write<O extends WriteOp>(op: O, fields: FieldsOf<O>): Promise<OkOf<O>>
  /** Any request of the protocol, on the present connection. */
  request<O extends Op>(op: O, fields: FieldsOf<O>): Promise<OkOf<O>>
  /** Ends the session on the server, and forgets it and what was not sent. */
  logOut(): Promise<void>
  /** Disconnects. The session and what was not sent stay in the storage. Resolves once they are saved. */
  close(): Promise<void>
}

export const createClient = (options: ClientOptions): Client => {
  const ports = portsOf(options)
  const onFault = options.onFault ?? ((error) => console.error('chat', error))
  const events = createEmitter<ClientEvents>(onFault)
  const sessions = createSessions(options.url, ports)
  let loggedIn: LoggedIn | undefined
  const link = createLink(
    { ...ports, sessions },
    {
      changed: (state) => {
        loggedIn?.runner.connectionIs(state.status === 'connected')
        events.emit('state', shown(state))
      },
      pushed: (frame) => {
        if (!isHint(frame)) return loggedIn?.runner.pushed(frame)
        if (frame.op === 'receipt') loggedIn?.runner.receipts(frame.conversation, [frame])
        events.emit(frame.op, frame)
      },
    },
  )
  const nextId = createMessageIds(ports.clock, ports.random)
  const writer = createWriter(link, ports.clock, nextId, (listener) => events.on('state', listener))
  const here = (): LoggedIn => {
    if (loggedIn === undefined) throw new ChatError({ code: 'unauthorized', message: 'not logged in', retry: 'never' })
    return loggedIn
  }
  const begin = async ({ user }: Session): Promise<User> => {
    await loggedIn?.runner.stop()
    const runner = await createReplicaRunner(user.id, { ...ports, link, onFault })
    loggedIn = {
      user,
      runner,
      handles: createConversationHandles(runner, { link, write: writer.write, nextId, clock: ports.clock }),
    }
    passOn(loggedIn, events)
    return user
  }
  const hangUp = () => {
    link.stop()
    writer.stop()
  }

  return {
    get state() {
      return shown(link.state())
    },
    get user() {
      return loggedIn?.user
    },
    ...{ on: events.on, retry: link.retry, request: link.request, write: writer.write, register: sessions.register },
    logIn: async (login) => {
      hangUp()
      return begin(await sessions.logIn(login))
    },
    resume: async () => {
      const session = await sessions.load()
      return session === undefined ? undefined : begin(session)
    },
    connect: async () => {
      const { runner } = here()
      runner.start()
      const ready = whenReady(link, runner, events)
      link.start()
      await ready
    },
    logOut: async () => {
      hangUp()
      await sessions.end()
      await loggedIn?.runner.forget()
      loggedIn = undefined
      await sessions.forget()
    },
    close: async () => {
      hangUp()
      await loggedIn?.runner.stop()
    },
    ...conversationsOf(here, link, writer),
    [Symbol.asyncIterator]: () => streamOf(events),
  }
}

const conversationsOf = (here: () => LoggedIn, link: Link, { write }: Writer) =>
  ({
    conversations: () => here().handles.all(),
    conversation: (id) => here().handles.of(id),
    direct: (userId) => here().handles.of(directConversation(here().user.id, userId)),
    createGroup: async (group) => here().handles.of((await write('group.create', group)).conversation),
    joinGroup: async (group) => here().handles.of((await write('group.join', group)).conversation),
    leaveGroup: async (conversation) => void (await write('group.leave', { conversation })),
    findUser: async (by) => (await link.request('user', by)).user,
    users: (query, after) => link.request('users', { query, ...(after === undefined ? {} : { after }) }),
  }) satisfies Partial<Client>

/** What the runner tells, in the words of the client. */
const passOn = ({ runner, handles }: LoggedIn, events: Emitter<ClientEvents>) => {
  runner.on('announce', (event) => {
    events.emit('event', event)
    if (isMessage(event)) events.emit('message', event)
  })
  runner.on('told', (event) => events.emit('told', event))
  runner.on('changed', (id) => events.emit('change', handles.of(id)))
  runner.on('failed', (failed) => events.emit('failed', failed))
  runner.on('notice', (notice) => events.emit('notice', notice))
}

const streamOf = (events: Emitter<ClientEvents>) =>
  createStream<ChatEvent>(({ next, end }) => {
    const offs = [events.on('event', next), events.on('state', ({ status }) => status === 'closed' && end())]
    return () => {
      for (const off of offs) off()
    }
  })

interface LoggedIn {
  readonly user: User
  readonly runner: ReplicaRunner
  readonly handles: ConversationHandles
}

const portsOf = (options: ClientOptions): Ports => ({
  clock: options.clock ?? systemClock,
  random: options.random ?? systemRandom,
  openSocket: options.openSocket ?? openWebSocket,
  fetchJson: options.fetchJson ?? createFetchJson(),
  storage: options.storage ?? memoryStorage(),
})

const shown = (state: Connection): ConnectionState => {
  if (state.status === 'offline') return { status: 'offline', reason: state.reason }
  if (state.status !== 'closed') return { status: state.status }
  const { reason, code } = state
  return { status: 'closed', reason, ...(code === undefined ? {} : { code }) }
}

/** Resolves when it is connected and has synced once, rejects when it will not be. */
const whenReady = (link: Link, runner: ReplicaRunner, events: Emitter<ClientEvents>): Promise<void> =>
  new Promise((resolve, reject) => {
    const isReady = () => link.state().status === 'connected' && runner.replica().hasSynced
    if (isReady()) return resolve()
    const look = (state: ConnectionState) => {
      if (!isReady() && state.status !== 'closed') return
      for (const off of offs) off()
      if (state.status !== 'closed') return resolve()
      reject(new ChatError({ code: 'closed', message: `closed: ${state.reason}`, retry: 'never' }))
    }
    const offs = [events.on('state', look), runner.on('synced', () => look(shown(link.state())))]
  })
