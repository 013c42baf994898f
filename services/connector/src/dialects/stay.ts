import type { AliasKind } from '@chat/read-models'
import { type Clock, Fault, isFault, type Random, sleep } from '@chat/runtime'
import { Cursors } from './cursors.ts'
import { Inbox, type InboxEvent } from './inbox.ts'
import type { Line, LoggedIn } from './line.ts'
import type { Names } from './names.ts'
import type { Numbers } from './old-numbers.ts'

/** What cannot be shown now is tried again after this, ms. */
const againAfterMs = 1_000

interface StayPorts {
  readonly clock: Clock
  readonly random: Random
  readonly names: Names
  readonly numbers: Numbers
  /** Shows one event; the next one waits for it. Throws a Fault, with nothing shown, when that is not possible now: it is tried again. */
  readonly show: (event: InboxEvent) => Promise<void>
  /** A bug: nothing more is shown. */
  readonly onFailed: (error: unknown) => void
}

/** Somebody's stay on his line, from the login until he leaves: what is to be shown to him, and how far he was shown it. */
export class Stay {
  readonly line: Line
  readonly user: LoggedIn['user']
  readonly inbox: Inbox
  readonly cursors: Cursors
  /** Of a user, as it is shown. Throws as `numberOf`. */
  readonly nameOf: (id: number) => Promise<string>
  /** What a user or a group is shown as. Throws Fault `unavailable` when nobody can tell now: never is an id shown instead. */
  readonly numberOf: (kind: AliasKind, id: number) => Promise<number>
  private readonly clock: Clock
  private readonly end: LoggedIn['end']
  private over = false

  constructor({ clock, random, names, numbers, show, onFailed }: StayPorts, { line, user, end }: LoggedIn) {
    this.clock = clock
    this.line = line
    this.user = user
    this.end = end
    this.inbox = new Inbox({ line, clock, random, onFailed, show: (event) => this.whenPossible(() => show(event)) })
    this.cursors = new Cursors(line, clock)
    this.numberOf = async (kind, id) => {
      const numberOf = await numbers.numbersOf(kind, [id])
      if (numberOf === undefined) throw new Fault('unavailable', 'nobody can tell the number of this')
      return numberOf(id)
    }
    this.nameOf = async (id) => (await names.of(id, line)) ?? String(await this.numberOf('user', id))
    names.note(user.id, user.name)
  }

  /** Whoever logs in next on the connection must not see what is still on its way. */
  get isOver(): boolean {
    return this.over
  }

  /** Does it, again while a part of the service that it needs is away. undefined: the stay is over. */
  async whenPossible<T>(work: () => Promise<T>): Promise<T | undefined> {
    while (!this.over) {
      try {
        return await work()
      } catch (error) {
        if (!isFault(error)) throw error
      }
      await sleep(this.clock, againAfterMs)
    }
    return undefined
  }

  /** All of the event was written. */
  note({ event: { conversation, seq } }: InboxEvent): void {
    this.cursors.note(conversation, seq)
  }

  /** Nothing more is shown. */
  stop(): void {
    this.over = true
    this.inbox.stop()
  }

  /** The user is free at once; resolves when his session has ended. */
  async leave(): Promise<void> {
    this.cursors.leave()
    this.line.close()
    await this.end()
  }
}
