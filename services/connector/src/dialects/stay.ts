import type { Clock, Random } from '@chat/runtime'
import { Cursors } from './cursors.ts'
import { Inbox, type InboxEvent } from './inbox.ts'
import type { Line, LoggedIn } from './line.ts'
import type { Names } from './names.ts'

interface StayPorts {
  readonly clock: Clock
  readonly random: Random
  readonly names: Names
  /** Shows one event; the next one waits for it. */
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
  /** Of a user, as it is shown. */
  readonly nameOf: (id: number) => Promise<string>
  private readonly end: LoggedIn['end']
  private over = false

  constructor({ clock, random, names, show, onFailed }: StayPorts, { line, user, end }: LoggedIn) {
    this.line = line
    this.user = user
    this.end = end
    this.inbox = new Inbox({ line, clock, random, onFailed, show })
    this.cursors = new Cursors(line, clock)
    this.nameOf = (id) => names.of(id, line)
    names.note(user.id, user.name)
  }

  /** Whoever logs in next on the connection must not see what is still on its way. */
  get isOver(): boolean {
    return this.over
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
