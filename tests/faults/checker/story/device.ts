import { uuidV7 } from '@chat/runtime'
import type { HistoryEvent, SeenEvent, ShownBy } from '../../history.ts'
import { within } from '../log-facts.ts'
import { type StoryPlace, type StoryServer, storyWallMs } from './server.ts'
import type { Timeline } from './timeline.ts'

/** What a device needs around it. */
export interface StoryWorld {
  readonly timeline: Timeline
  readonly server: StoryServer
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number
  record(line: HistoryEvent): void
  readonly random: Parameters<typeof uuidV7>[1]
  readonly pageEventsMax: number
  /** Something new stands in a conversation: it goes to whoever is connected. */
  fanOut(place: StoryPlace, audience: ReadonlySet<number>): void
  /** Somebody's cursor moved. */
  onCursor(user: number, conversation: string): void
  /** A device came or went. */
  onPresence(user: number): void
}

interface OutboxEntry {
  readonly clientMsgId: string
  readonly conversation: string
  readonly text: string
  readonly after: string | null
}

/** A client of a story: it sends again what was not answered, in order, and catches up by sync and pages. */
export interface StoryDevice {
  readonly user: number
  readonly device: string
  /** 0: not connected. */
  connection(): number
  connect(): void
  close(code: number): void
  /** Gives the message's id. */
  send(conversation: string, text: string, onInvoke?: (clientMsgId: string) => void): void
  createGroup(members: readonly number[], history: 'all' | 'sinceJoin'): void
  change(op: 'group.join' | 'group.leave', conversation: string): void
  /** Does something to one of the messages that it shows. */
  act(conversation: string): void
  read(conversation: string): void
  sync(): void
  push(conversation: string, seen: SeenEvent): void
  /** Gives up what is not answered. */
  abandon(): void
  /** The conversations it shows, each by seq. */
  readonly shown: ReadonlyMap<string, ReadonlyMap<number, SeenEvent>>
  coveredTo(conversation: string): number
}

export const createStoryDevice = (world: StoryWorld, user: number, device: string): StoryDevice => {
  const { timeline, server, between, record } = world
  const author = { user, device }
  const shown = new Map<string, Map<number, SeenEvent>>()
  const covered = new Map<string, number>()
  const lastSent = new Map<string, string>()
  let outbox: OutboxEntry[] = []
  let connection = 0
  let connections = 0
  let refs = 0
  let lastIdMs = 0
  let arrivesAt = 0

  const newId = () => {
    lastIdMs = Math.max(storyWallMs + timeline.now(), lastIdMs + 1)
    return uuidV7(lastIdMs, world.random)
  }

  /** After some time, if this connection still stands then. */
  const later = (ms: number, run: () => void) => {
    const here = connection
    timeline.after(ms, () => {
      if (connection === here && here !== 0) run()
    })
  }

  /** Writes reach the server in the order in which they were sent. */
  const arrive = (run: () => void) => {
    arrivesAt = Math.max(arrivesAt, timeline.now() + between(1, 10))
    later(arrivesAt - timeline.now(), run)
  }

  const invoke = (op: string, fields: Partial<Extract<HistoryEvent, { what: 'invoked' }>> = {}): number => {
    const ref = ++refs
    const nothing = { conversation: null, clientMsgId: null, text: null, after: null, seq: null }
    record({ what: 'invoked', at: timeline.now(), device, connection, ref, op, ...nothing, ...fields })
    return ref
  }

  const answer = (ref: number, result: Partial<StoryPlace> | string, isDuplicate = false) => {
    const base = { what: 'answered', at: timeline.now(), device, connection, ref, isDuplicate } as const
    const nowhere = { conversation: null, seq: null, position: null }
    if (typeof result === 'string')
      return record({ ...base, outcome: 'error', code: result, isFinal: true, ...nowhere })
    const { conversation = null, seq = null, position = null } = result
    record({ ...base, outcome: 'ok', code: null, isFinal: false, conversation, seq, position })
  }

  const transmit = (entry: OutboxEntry) => {
    const { conversation, clientMsgId, text, after } = entry
    const ref = invoke('send', { conversation, clientMsgId, text, after })
    arrive(() => {
      const isDuplicate = server.posted.has(clientMsgId)
      const result = server.post(author, conversation, clientMsgId, text)
      if (typeof result !== 'string' && !isDuplicate) fanOut(result)
      later(between(1, 20), () => {
        outbox = outbox.filter((waiting) => waiting !== entry)
        answer(ref, result, isDuplicate)
      })
    })
  }

  const fanOut = (place: StoryPlace, also?: number) => {
    const members = server.conversations.get(place.conversation)?.members ?? new Set<number>()
    world.fanOut(place, also === undefined ? members : new Set([...members, also]))
  }

  const show = (conversation: string, seen: SeenEvent, by: ShownBy) => {
    const events = within(shown, conversation, () => new Map<number, SeenEvent>())
    if (events.has(seen.seq)) return
    events.set(seen.seq, seen)
    const { seq, clientMsgId } = seen
    record({ what: 'shown', at: timeline.now(), device, conversation, seq, clientMsgId, by })
  }

  /** One page of what follows `after`; true: there is more. */
  const page = (ref: number, by: 'sync' | 'history', conversation: string): boolean => {
    const after = covered.get(conversation) ?? 0
    const seqs = server.readable(user, conversation, after + 1, world.pageEventsMax + 1)
    const hasMore = seqs.length > world.pageEventsMax
    const here = seqs.slice(0, world.pageEventsMax)
    const events = here.map((seq) => server.shownTo(user, conversation, seq))
    const to = hasMore ? (here.at(-1) ?? after) : server.highestOf(user, conversation)
    const readSeq = by === 'sync' ? server.cursorOf(user, conversation).readSeq : null
    const range = { after, from: after + 1, to, readSeq, events }
    record({ what: 'paged', at: timeline.now(), device, connection, ref, by, conversation, ...range })
    for (const event of events) show(conversation, event, by)
    covered.set(conversation, Math.max(after, to))
    return hasMore
  }

  const turnPages = (conversation: string) => {
    const ref = invoke('history', { conversation })
    later(between(1, 15), () => {
      const hasMore = page(ref, 'history', conversation)
      answer(ref, {})
      if (hasMore) turnPages(conversation)
    })
  }

  const sync = () => {
    const ref = invoke('sync')
    later(between(1, 15), () => {
      const moved = [...server.conversations.values()].filter(
        ({ id, stays }) => stays.has(user) && server.highestOf(user, id) > (covered.get(id) ?? 0),
      )
      const truncated = moved.filter(({ id }) => page(ref, 'sync', id))
      answer(ref, {})
      for (const { id } of truncated) turnPages(id)
    })
  }

  return {
    user,
    device,
    shown,
    connection: () => connection,
    coveredTo: (conversation) => covered.get(conversation) ?? 0,
    connect: () => {
      if (connection !== 0) return
      connection = ++connections
      arrivesAt = 0
      record({ what: 'connected', at: timeline.now(), device, connection, connector: 'c-1' })
      world.onPresence(user)
      for (const entry of outbox) transmit(entry)
      later(between(0, 5), sync)
    },
    close: (code) => {
      if (connection === 0) return
      record({ what: 'closed', at: timeline.now(), device, connection, code })
      connection = 0
      world.onPresence(user)
    },
    send: (conversation, text, onInvoke) => {
      const clientMsgId = newId()
      const entry = { clientMsgId, conversation, text, after: lastSent.get(conversation) ?? null }
      lastSent.set(conversation, clientMsgId)
      outbox.push(entry)
      onInvoke?.(clientMsgId)
      if (connection !== 0) transmit(entry)
    },
    createGroup: (members, history) => {
      const ref = invoke('group.create')
      arrive(() => {
        const place = server.createGroup(author, members, history)
        fanOut(place)
        later(between(1, 20), () => answer(ref, place))
      })
    },
    change: (op, conversation) => {
      const ref = invoke(op, { conversation })
      arrive(() => {
        const place = op === 'group.join' ? server.join(author, conversation) : server.leave(author, conversation)
        if (typeof place !== 'string') fanOut(place, user)
        later(between(1, 20), () => answer(ref, place))
      })
    },
    act: (conversation) => {
      const messages = [...(shown.get(conversation)?.values() ?? [])].filter(({ clientMsgId }) => clientMsgId !== null)
      const message = messages[between(0, messages.length - 1)]
      const isThere =
        message !== undefined && server.conversations.get(conversation)?.messages.isDeleted(message.seq) === false
      if (!isThere) return
      const dice = between(1, 10)
      const about = { message: message.seq, author: message.actor, text: 'another text', emoji: '👍' }
      const op = dice < 5 ? 'edit' : dice < 9 ? 'react' : 'delete'
      const clientMsgId = newId()
      const ref = invoke(op, { conversation, clientMsgId, seq: message.seq })
      arrive(() => {
        if (server.conversations.get(conversation)?.messages.isDeleted(message.seq) === true)
          return answer(ref, 'no_such_message')
        const place = server.act(author, conversation, clientMsgId, { op, ...about })
        if (typeof place !== 'string') fanOut(place)
        later(between(1, 20), () => answer(ref, place))
      })
    },
    read: (conversation) => {
      const seq = covered.get(conversation) ?? 0
      if (seq === 0) return
      const ref = invoke('read', { conversation, seq })
      arrive(() => {
        if (server.advance(author, conversation, 'read', seq)) world.onCursor(user, conversation)
        later(between(1, 20), () => answer(ref, {}))
      })
    },
    sync,
    push: (conversation, seen) => {
      record({ what: 'pushed', at: timeline.now(), device, connection, conversation, ...seen })
      show(conversation, seen, 'push')
    },
    abandon: () => {
      outbox = []
    },
  }
}
