import type { Cancel, Clock, Random } from '@chat/runtime'
import type { ClientEvent } from '@chat/schemas'
import { askFresh, type Line, type LineAnswer, type Push } from './line.ts'

/** A client that is told everything still asks what it missed, this often, ms. PROTOCOL §2. */
const syncEveryMs = 120_000
/** Events of a conversation that are fetched at once. */
const pageEvents = 50
/** Conversations of which the next events are fetched at once. */
const fetchesAtOnceMax = 8

/** An event to be shown. */
export interface InboxEvent {
  readonly event: ClientEvent
  /** It happened before the login. */
  readonly isMissed: boolean
}

interface InboxPorts {
  readonly line: Line
  readonly clock: Clock
  readonly random: Random
  /** Shows one event; the next one waits for it. */
  readonly show: (event: InboxEvent) => Promise<void>
  /** A bug: nothing more is shown. */
  readonly onFailed: (error: unknown) => void
}

/** How far a conversation is shown. */
interface Place {
  shown: number
  /** There are events up to here. */
  wanted: number
  /** What is to be shown next, as far as it is here already, and up to where that goes. */
  page: ClientEvent[]
  pageTo: number
  /** Messages after this one are shown as they are now, so that their edits need not be. */
  walkedFrom: number
  /** Up to here it happened before the login. */
  readonly missedTo: number
}

interface SyncedConversation {
  readonly id: string
  readonly to: number
  readonly lastSeq: number
  readonly readSeq: number
  readonly left?: true
  readonly membership?: 'online'
}

/**
 * What somebody is to be shown, in order: everything unread, oldest first, then what happens. Pushes only say that there is something: what
 * did not come by one, or came before its turn, is fetched, so nothing is lost or doubled between the two.
 */
export class Inbox {
  private readonly ports: InboxPorts
  private readonly places = new Map<string, Place>()
  /** Those of which not everything is shown. */
  private readonly behind = new Map<string, Place>()
  /** What was pushed before the first sync was answered. */
  private early: ClientEvent[] | undefined = []
  private token: string | undefined
  private isSyncing = false
  private hasBegun = false
  private isRunning = false
  private isStopped = false
  private cancelSync: Cancel = () => {}

  constructor(ports: InboxPorts) {
    this.ports = ports
  }

  /** Learns what is unread. Resolves with false when that is not possible. */
  async open(): Promise<boolean> {
    const isOpen = await this.sync()
    const { early = [] } = this
    this.early = undefined
    for (const event of early) this.note(event)
    return isOpen
  }

  /** What was missed becomes an inbox of its own, to be taken by `next`; this one goes on behind it. To be called before anything is shown. */
  takeMissed(): Inbox {
    const missed = new Inbox(this.ports)
    missed.early = undefined
    for (const [conversation, place] of this.behind) {
      const { shown, missedTo } = place
      if (missedTo <= shown) continue
      const taken = missed.begin(conversation, shown, missedTo)
      taken.wanted = missedTo
      missed.behind.set(conversation, taken)
      Object.assign(place, { shown: missedTo, page: [], pageTo: missedTo, walkedFrom: missedTo })
      this.settle(conversation, place)
    }
    return missed
  }

  /** The conversations of which not everything was taken. */
  unfinished(): readonly string[] {
    return [...this.behind.keys()]
  }

  /** The oldest that is not shown yet; undefined: there is nothing. */
  async next(): Promise<InboxEvent | undefined> {
    while (!this.isStopped && this.behind.size > 0) {
      await this.fetch()
      const oldest = this.oldest()
      const event = oldest?.page.shift()
      if (oldest === undefined || event === undefined) continue
      oldest.shown = event.seq
      this.settle(event.conversation, oldest)
      return { event, isMissed: event.seq <= oldest.missedTo }
    }
    return undefined
  }

  /** From now on everything is shown as it comes. */
  run(): void {
    this.hasBegun = true
    this.goOn()
    this.syncLater()
  }

  hear(push: Push) {
    if (push.op === 'resync') return this.syncNow()
    if (push.op !== 'event' || typeof push.seq !== 'number') return
    const event = push as unknown as ClientEvent
    if (this.early !== undefined) this.early.push(event)
    else {
      this.note(event)
      this.goOn()
    }
  }

  stop(): void {
    this.isStopped = true
    this.cancelSync()
  }

  /** Says that it has ended in the same step in which it found nothing left: what comes a moment later starts it again. */
  private async showAll(): Promise<void> {
    for (;;) {
      const next = await this.next()
      if (next !== undefined) await this.ports.show(next)
      else if (this.behind.size === 0 || this.isStopped) break
    }
    this.isRunning = false
  }

  private goOn(): void {
    if (!this.hasBegun || this.isRunning || this.isStopped || this.behind.size === 0) return
    this.isRunning = true
    this.showAll().catch(this.ports.onFailed)
  }

  private note(event: ClientEvent): void {
    const { conversation, seq } = event
    const place = this.places.get(conversation) ?? this.begin(conversation, seq - 1, 0)
    if (seq <= place.wanted) return
    const isNext = seq === place.wanted + 1 && place.wanted === Math.max(place.pageTo, place.shown)
    place.wanted = seq
    if (!this.behind.has(conversation)) {
      place.walkedFrom = place.shown
      this.behind.set(conversation, place)
    }
    if (!isNext || place.page.length >= pageEvents) return
    place.page.push(event)
    place.pageTo = seq
  }

  private begin(conversation: string, shown: number, missedTo: number): Place {
    const place = { shown, wanted: shown, page: [], pageTo: shown, walkedFrom: shown, missedTo }
    this.places.set(conversation, place)
    return place
  }

  private oldest(): Place | undefined {
    let oldest: Place | undefined
    for (const place of this.behind.values()) {
      const at = place.page[0]?.at
      if (at !== undefined && (oldest === undefined || at < (oldest.page[0]?.at ?? ''))) oldest = place
    }
    return oldest
  }

  private settle(conversation: string, place: Place): void {
    if (place.page.length > 0) return
    place.shown = Math.max(place.shown, place.pageTo)
    if (place.shown >= place.wanted) this.behind.delete(conversation)
  }

  /** Everybody's next events, so that the oldest of all can be told. */
  private async fetch(): Promise<void> {
    for (;;) {
      const empty = [...this.behind].filter(([, place]) => place.page.length === 0).slice(0, fetchesAtOnceMax)
      if (empty.length === 0 || this.isStopped) return
      await Promise.all(empty.map(([conversation, place]) => this.fetchOne(conversation, place)))
    }
  }

  private async fetchOne(conversation: string, place: Place): Promise<void> {
    const { wanted } = place
    const answer = await this.ask('history', { conversation, after: place.shown, limit: pageEvents })
    if (answer.op === 'error' && !this.ports.line.isOpen) return this.stop()
    if (answer.op === 'error') {
      // Asked again: what is passed over now would count as read.
      if (answer.retry === 'later') return
      // Nothing of it may be seen any more.
      place.pageTo = wanted
    } else {
      const { events, to, hasMore } = answer as unknown as { events: ClientEvent[]; to: number; hasMore: boolean }
      place.page = events.filter(({ type, data, seq }) => {
        const isOfShown = type !== 'messageEdited' || Number(data.seq) <= place.walkedFrom
        return seq > place.shown && isOfShown
      })
      place.pageTo = hasMore ? to : Math.max(to, wanted)
      place.wanted = Math.max(place.wanted, place.pageTo)
    }
    this.settle(conversation, place)
  }

  private syncLater(): void {
    this.cancelSync()
    const afterMs = syncEveryMs * (0.8 + 0.4 * this.ports.random.fraction())
    this.cancelSync = this.ports.clock.after(afterMs, () => this.syncNow())
  }

  private syncNow(): void {
    if (this.isSyncing || this.isStopped || this.early !== undefined) return
    this.sync()
      .then(() => {
        this.goOn()
        if (!this.isStopped) this.syncLater()
      })
      .catch(this.ports.onFailed)
  }

  private async sync(): Promise<boolean> {
    this.isSyncing = true
    let hasMore = true
    const isFirst = this.token === undefined
    while (hasMore && !this.isStopped) {
      const answer = await this.ask('sync', this.token === undefined ? {} : { token: this.token })
      if (answer.op === 'error') break
      const page = answer as unknown as { conversations: SyncedConversation[]; token: string; hasMore: boolean }
      for (const conversation of page.conversations) this.learn(conversation, isFirst)
      this.token = page.token
      hasMore = page.hasMore
    }
    this.isSyncing = false
    return !hasMore
  }

  private learn({ id, readSeq, lastSeq, to, left, membership }: SyncedConversation, isFirst: boolean): void {
    const end = left === true ? to : lastSeq
    // Nobody has a cursor in an online room: it is shown from the login on.
    const shown = membership === 'online' ? end : readSeq
    const place = this.places.get(id) ?? this.begin(id, shown, isFirst ? end : 0)
    if (end <= place.wanted) return
    place.wanted = end
    if (this.behind.has(id)) return
    place.walkedFrom = place.shown
    this.behind.set(id, place)
  }

  private ask(op: string, fields: object): Promise<LineAnswer> {
    const { line, clock } = this.ports
    return askFresh(line, clock, op, fields)
  }
}
