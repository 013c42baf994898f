import { type Device, waitUntil } from '@chat/testkit'
import { askGateway, connectAction, type Node } from '../e2e/action-client.ts'
import { connectDialect } from '../e2e/dialect-client.ts'
import { connectEnvelope, connectUnit } from '../e2e/protobuf-client.ts'
import { numberOf } from '../memory/protobuf-wire.ts'
import type { Showing, Witness } from './check.ts'

/** Somebody who takes part, by the name and the number that others know him by. */
export interface Named {
  readonly name: string
  readonly id: number
}

export interface Room {
  readonly name: string
  readonly title: string
  /** Without its `g`. */
  readonly id: number
}

/** One login of somebody, by whatever protocol, until its connection closes. */
export interface Seat {
  /** To somebody, or to the room. */
  say(to: Named | Room, text: string): void
  readonly isOpen: () => boolean
  /** Oldest first, but for `unit`, which has what it asked for first and then what was pushed. */
  readonly showings: () => readonly Showing[]
  /** The texts that it was told are accepted. */
  readonly acknowledged: () => readonly string[]
  /** Why its stock client would have aborted. */
  readonly aborts: readonly string[]
  leave(): void
}

/** How people of one older protocol come and talk. A place is one of the ports that it is spoken at. */
export interface Dialect {
  readonly name: string
  readonly canSayToRoom: boolean
  readonly echo: Witness['echo']
  register(name: string, place: number): Promise<void>
  /** Rejects with why not. */
  enter(who: Named, place: number): Promise<Seat>
  /** In the words of the protocol; undefined: it has none. */
  readonly joinRoom?: (seat: Seat, room: Room) => void
}

/** Whom the frames name as their sender: nobody may take their word for it. */
const liar = { id: 1, name: 'somebody else' }

const refused = (client: { close(): void }, why: unknown): never => {
  client.close()
  throw new Error(why === undefined || why === '' ? 'the connection closed' : String(why))
}

const isRoom = (to: Named | Room): to is Room => 'title' in to

const jsonNumbers = {
  'json-to': { registerAck: 4, chat: 5, joinGroup: 8, groupChat: 9, receiver: 'to' },
  'json-toid': { registerAck: 5, chat: 6, joinGroup: 9, groupChat: 10, receiver: 'toid' },
} as const

export const jsonDialect = (name: keyof typeof jsonNumbers, portOf: (place: number) => number): Dialect => {
  const { registerAck, chat, joinGroup, groupChat, receiver } = jsonNumbers[name]
  const clients = new WeakMap<Seat, ReturnType<typeof connectDialect>>()
  return {
    name,
    canSayToRoom: true,
    echo: 'none',
    register: async (who, place) => {
      const client = connectDialect(portOf(place))
      client.send({ msgid: registerAck - 1, name: who, password: 'x' })
      await client.comes({ msgid: registerAck, errno: 0 })
      client.close()
    },
    enter: async ({ id }, place) => {
      const client = connectDialect(portOf(place))
      const answer = await client.logIn(id)
      if (answer.errno !== 0) return refused(client, answer.errmsg)
      const seat: Seat = {
        say: (to, msg) =>
          client.send(
            isRoom(to)
              ? { msgid: groupChat, ...liar, groupid: to.id, msg, time: '' }
              : { msgid: chat, ...liar, [receiver]: to.id, msg, time: '' },
          ),
        isOpen: client.isOpen,
        showings: () =>
          client.chats().map((message) => ({
            ...{ text: String(message.msg), from: { id: Number(message.id), name: String(message.name) } },
            isInRoom: message.groupid !== undefined,
          })),
        acknowledged: () => [],
        aborts: client.aborts,
        leave: client.close,
      }
      clients.set(seat, client)
      return seat
    },
    joinRoom: (seat, { id }) => clients.get(seat)?.send({ msgid: joinGroup, id: liar.id, groupid: id }),
  }
}

const credentials = (who: string | number) =>
  [
    [1, who],
    [2, 'x'],
  ] as const

/** What was said in the room has its title and the sender before it. */
const beforeRoomText = /^(?<title>[^/]+)\/(?<name>\S+): (?<text>.*)$/

/** `from`: what is said of the sender beside the text, if anything. */
const showingOf = (whole: string, from: Showing['from']): Showing => {
  const { name, text } = beforeRoomText.exec(whole)?.groups ?? {}
  return name === undefined || text === undefined
    ? { text: whole, from, isInRoom: false }
    : {
        text,
        from: { ...from, name: from?.name === name || from === undefined ? name : `${from.name}/${name}` },
        isInRoom: true,
      }
}

export const envelopeDialect = (portOf: (place: number) => number): Dialect => ({
  name: 'envelope',
  canSayToRoom: false,
  echo: 'none',
  register: async (who, place) => {
    const client = connectEnvelope(portOf(place))
    const answer = await client.asks('Register', credentials(who), 'Register')
    if (answer !== 'Register success') throw new Error(`${who}: ${answer}`)
    client.close()
  },
  enter: async ({ name }, place) => {
    const client = connectEnvelope(portOf(place))
    const answer = await client.asks('Login', credentials(name), 'Login')
    if (answer !== 'login success') return refused(client, answer)
    const said: string[] = []
    return {
      say: (to, text) => {
        said.push(text)
        client.send('chatMessage', [
          [1, liar.name],
          [2, to.name],
          [3, text],
        ])
      },
      isOpen: client.isOpen,
      showings: () => client.chats().map(({ from, text }) => showingOf(text, { name: from })),
      // Answers come in the order of the requests.
      acknowledged: () => {
        const outcomes = client.outcomes('SendChatMessage')
        return said.filter((_, index) => outcomes[index] === 'send chat Message request success')
      },
      aborts: client.aborts,
      leave: client.close,
    }
  },
})

export const unitDialect = (portOf: (place: number) => number): Dialect => {
  const clients = new WeakMap<Seat, ReturnType<typeof connectUnit>>()
  return {
    name: 'unit',
    canSayToRoom: false,
    echo: 'none',
    register: async (who, place) => {
      const client = connectUnit(portOf(place))
      if (numberOf(await client.asks('Regist', credentials(who)), 1) !== 1) throw new Error(`${who} is not registered`)
      client.close()
    },
    enter: async ({ id }, place) => {
      const client = connectUnit(portOf(place))
      const answer = await client.asks('Login', credentials(id))
      if (answer.length === 0 || numberOf(answer, 1) !== 1) return refused(client, answer.toString('latin1'))
      const missed = await client.missed(id)
      const seat: Seat = {
        say: (to, text) =>
          client.send('ChatMsg', [
            [1, to.id],
            [2, text],
          ]),
        isOpen: client.isOpen,
        showings: () =>
          [...missed, ...client.texts()]
            .filter((text) => !text.startsWith('server: '))
            .map((text) => showingOf(text, undefined)),
        acknowledged: () => [],
        aborts: [],
        leave: client.close,
      }
      clients.set(seat, client)
      return seat
    },
    joinRoom: (seat, { id }) =>
      clients.get(seat)?.send('AddGroup', [
        [1, liar.id],
        [2, id],
      ]),
  }
}

/** Its clients have no passwords, and ask a gateway where to go. */
export const actionDialect = (gatewayOf: (place: number) => number): Dialect => {
  const clients = new WeakMap<Seat, ReturnType<typeof connectAction>>()
  const enter: Dialect['enter'] = async ({ name }, place) => {
    const node = (await askGateway(gatewayOf(place)).catch(() => ({}))) as Partial<Node>
    const { host, port } = node
    if (host === undefined || port === undefined) throw new Error('the gateway knows no connector')
    const client = connectAction({ host, port })
    if ((await client.logIn(name)).username !== name) return refused(client, '')
    const seat: Seat = {
      say: (to, message) =>
        client.say('chat', {
          ...{ format: 'text', from: liar.name, ts: Date.now(), message },
          ...(isRoom(to)
            ? { to: null, roomName: to.name, isGroup: true }
            : { to: to.name, roomName: '', isGroup: false }),
        }),
      isOpen: client.isOpen,
      showings: () =>
        client.chats().map(({ from, roomName, message }) => ({
          ...{ text: String(message), from: { name: String(from) }, isInRoom: roomName !== '' },
        })),
      acknowledged: () => [],
      aborts: [],
      leave: client.close,
    }
    clients.set(seat, client)
    return seat
  }
  return {
    name: 'action',
    canSayToRoom: true,
    echo: 'room',
    // Whoever comes for the first time is registered; a gateway that has only just started knows nobody to send him to.
    register: async (name, place) => {
      const seat = await waitUntil(() => enter({ name, id: 0 }, place), {
        ...{ deadlineMs: 20_000, everyMs: 200, what: `${name} is registered` },
      })
      seat.leave()
    },
    enter,
    joinRoom: (seat, { name }) => clients.get(seat)?.say('joinRoom', { roomName: name, username: liar.name }),
  }
}

/** Browsers, by name; they come back by themselves. */
export const browserDialect = (devices: ReadonlyMap<string, Device>): Dialect => ({
  name: 'browser',
  canSayToRoom: true,
  echo: 'all',
  register: async () => {},
  enter: async ({ name }) => {
    const device = devices.get(name)
    if (device === undefined) throw new Error(`no browser of ${name}`)
    return browserSeat(device)
  },
})

const browserSeat = (device: Device): Seat => {
  const acknowledged: string[] = []
  const conversationOf = (to: Named | Room) => {
    if (isRoom(to)) return `g${to.id}`
    return `d${Math.min(device.userId, to.id)}.${Math.max(device.userId, to.id)}`
  }
  return {
    say: (to, text) => void device.send(conversationOf(to), text).then(() => acknowledged.push(text)),
    isOpen: () => true,
    showings: () =>
      device.conversations().flatMap((conversation) =>
        [...device.shown(conversation).values()]
          .toSorted((one, other) => one.seq - other.seq)
          .flatMap(({ type, actor, data }) => {
            const { text } = (data.body ?? {}) as { readonly text?: string }
            if (type !== 'messagePosted' || text === undefined) return []
            return [{ text, from: { id: actor }, isInRoom: conversation.startsWith('g') }]
          }),
      ),
    acknowledged: () => acknowledged,
    aborts: [],
    leave: () => {},
  }
}
