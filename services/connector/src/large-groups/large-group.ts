import type { LogEvent } from '@chat/schemas'
import type { PushedEvent } from '../deliveries/pushed-event.ts'

/** An event as a router told it to this connector. */
export interface Told {
  readonly event: LogEvent
  readonly pushed: PushedEvent
  /** Who gets it by name. */
  readonly users: readonly number[]
  /** Its group is so large that connectors register it. */
  readonly isLarge: boolean
  /** Its group's members get it without being named. */
  readonly toMembers: boolean
}

/** What an event changes about one person. `asked`: he hears of it and is no member. */
interface Change {
  readonly joined?: number
  readonly left?: number
  readonly asked?: number
}

interface Kept {
  readonly seq: number
  /** Of all events that came here. */
  readonly count: number
  readonly told: Told
  readonly change: Change
}

const none: readonly never[] = []
const noChange: Change = {}

export const changeOf = (event: LogEvent): Change => {
  switch (event.type) {
    case 'MemberJoined':
      return { joined: event.user }
    case 'MemberLeft':
    case 'MemberRemoved':
    case 'MemberBanned':
      return { left: event.user }
    case 'MemberInvited':
    case 'JoinRefused':
      return { asked: event.user }
    default:
      return noChange
  }
}

/**
 * A large group as one connector knows it: who of its users is a member, and since which seq. Seqs are dense and every event of a
 * group comes to whoever registered it, so that nothing is missed without a hole to show for it; behind a hole nobody is taken for a
 * member until that was read again. [G5]
 */
export class LargeGroup {
  readonly conversation: string
  /** How many readings had begun when what is told to its members began to come here; undefined: it does not yet. */
  registeredAt: number | undefined
  /** Nobody was here for a whole round of the sweep. */
  isIdle = false
  /** Every change up to this seq is in `members`; undefined: nothing is known, and `members` is empty. */
  private knownTo: number | undefined
  /** User → the seq that began his stay. */
  private readonly members = new Map<number, number>()
  /** What came since somebody's groups began to be read, in that order. */
  private journal: Kept[] = []
  /** Who was taken for a member since then and is no longer → the count of the last event that he got as one. */
  private readonly toldTo = new Map<number, number>()

  constructor(conversation: string) {
    this.conversation = conversation
  }

  has(user: number): boolean {
    return this.members.has(user)
  }

  get isEmpty(): boolean {
    return this.members.size === 0
  }

  /** To be looked at once more by those whose groups are being read. */
  keep(seq: number, count: number, told: Told): void {
    this.journal.push({ seq, count, told, change: changeOf(told.event) })
  }

  /** Whether every event behind `from` up to `to` was kept, whatever way it came. */
  hasSeenAll(from: number, to: number): boolean {
    if (to <= from) return true // As for nearly all: it is settled as soon as it is named.
    const seqs = new Set(this.journal.map(({ seq }) => seq))
    for (let seq = from + 1; seq <= to; seq++) if (!seqs.has(seq)) return false
    return true
  }

  forgetKept(): void {
    this.journal = []
    this.toldTo.clear()
  }

  /** Who gets it unnamed. `hole`: something before it did not come. */
  take(
    seq: number,
    count: number,
    { event, toMembers }: Told,
    isHere: (user: number) => boolean,
  ): readonly number[] | 'hole' {
    if (this.knownTo === undefined) return none
    if (seq > this.knownTo + 1) return 'hole'
    const { joined, left } = seq > this.knownTo ? changeOf(event) : noChange
    if (joined !== undefined && isHere(joined) && !this.members.has(joined)) this.members.set(joined, seq)
    this.knownTo = Math.max(this.knownTo, seq)
    const due = toMembers ? this.membersAt(seq) : none
    if (left !== undefined && (this.members.get(left) ?? seq) < seq) this.end(left, count) // [G5]
    return due
  }

  /**
   * Takes up a user whose stay was read, `asOf` a seq of this group, and returns what he would have been told since `fromCount` had he been
   * known. `again`: what happened behind that seq is not all here, so that it has to be read again.
   */
  settle(user: number, joinedSeq: number, asOf: number, fromCount: number): readonly PushedEvent[] | 'again' {
    if (this.members.has(user)) return none
    let to = asOf
    let since: number | undefined = joinedSeq
    const untold = Math.max(fromCount, (this.toldTo.get(user) ?? 0) + 1)
    const due: PushedEvent[] = []
    for (const { seq, count, told, change } of this.journal) {
      if (seq > to + 1) return 'again'
      const isNews = seq > to
      if (isNews && change.joined === user) since = seq
      if (since !== undefined && since <= seq && count >= untold && told.toMembers && !told.users.includes(user))
        due.push(told.pushed)
      if (isNews && change.left === user) since = undefined
      to = Math.max(to, seq)
    }
    if (this.knownTo !== undefined && to < this.knownTo) return 'again'
    if (since === undefined) return due
    this.members.set(user, since)
    this.knownTo ??= to
    this.isIdle = false
    return due
  }

  private end(user: number, count: number): void {
    this.toldTo.set(user, count)
    this.leave(user)
  }

  /** He is no longer here, or no member. Whom nobody here hears of is told to others: nothing is known of a group without members here. */
  leave(user: number): void {
    this.members.delete(user)
    if (this.isEmpty) this.knownTo = undefined
  }

  /** Forgets what it knows, behind a hole before the event of this count; returns who was taken for a member. */
  lose(count: number): readonly number[] {
    const users = [...this.members.keys()]
    for (const user of users) this.end(user, count - 1)
    return users
  }

  private membersAt(seq: number): readonly number[] {
    const users: number[] = []
    for (const [user, since] of this.members) if (since <= seq) users.push(user) // [G5]
    return users
  }
}
