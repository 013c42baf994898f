import { readFriends, readMembers, readRequests, readUser, type User } from '../account-view.ts'
import { Acts } from '../acts.ts'
import type { DialectSession } from '../client-connection.ts'
import type { SpokenPorts } from '../dialect-ports.ts'
import { GroupTitles } from '../group-titles.ts'
import type { Inbox, InboxEvent } from '../inbox.ts'
import type { LoggedIn, Push } from '../line.ts'
import type { PacedWriter } from '../paced-writer.ts'
import { friendRequestText, shownEvent } from '../shown-event.ts'
import { Stay } from '../stay.ts'
import { answers, pushes } from './codec.ts'
import { MissedCursors } from './missed-cursors.ts'
import { bodyOf, bytesOf } from './opaque.ts'

/** Of the missed messages in one answer, bytes; there is at least one in it. Whoever asks again gets the next. */
const offlineBytesMax = 64 * 1024
/** Missed events, shown or not, that are read for one answer. */
const offlineEventsMax = 10_000

/** Somebody who is logged in by `unit`: what he asks for, and what he is shown. */
export class UnitSession implements DialectSession {
  /** What he can do that is the same in other dialects. */
  readonly acts: Acts
  private readonly ports: SpokenPorts
  private readonly writer: PacedWriter
  private readonly stay: Stay
  private readonly titles: GroupTitles
  /** undefined: nothing was missed. */
  private missed: { readonly inbox: Inbox; readonly cursors: MissedCursors } | undefined

  constructor(ports: SpokenPorts, loggedIn: LoggedIn, writer: PacedWriter, onFailed: (error: unknown) => void) {
    const { api, numbers, clock, isAutofriend } = ports
    const { line, user } = loggedIn
    this.ports = ports
    this.writer = writer
    this.stay = new Stay({ ...ports, onFailed, show: (event) => this.show(event) }, loggedIn)
    this.titles = new GroupTitles(line, numbers)
    const befriend = isAutofriend ? api.dialects.befriend : undefined
    this.acts = new Acts({ line, clock, numbers, self: user.id, befriend })
  }

  /** What was missed waits until it is asked for; the friends who ask are told at once. */
  async begin(): Promise<boolean> {
    const { inbox, line, cursors } = this.stay
    if (!(await inbox.open())) return false
    const requests = await readRequests(line, this.ports.numbers)
    if (requests === undefined) return false
    const missed = inbox.takeMissed()
    const conversations = missed.unfinished()
    if (conversations.length > 0) this.missed = { inbox: missed, cursors: new MissedCursors(conversations, cursors) }
    this.writer.write(answers.loggedIn())
    for (const { id, name } of requests) this.tell(friendRequestText(id, name))
    inbox.run()
    return true
  }

  hear(push: Push): void {
    this.titles.hear(push)
    if (push.op !== 'notice') this.stay.inbox.hear(push)
    else if (push.code === 'restarting') this.writer.write(pushes.serverStops())
    else this.tell(String(push.message))
  }

  stop(): void {
    this.stay.stop()
    this.missed?.inbox.stop()
  }

  leave(): Promise<void> {
    return this.stay.leave()
  }

  /** A message of the server: what the protocol has no other for. */
  tell(text: string): void {
    this.writer.write(pushes.chat(Buffer.from(`server: ${text}`)))
  }

  async chat(to: number, bytes: Buffer): Promise<void> {
    const told = await this.acts.chat(to, bodyOf(bytes))
    if (told !== undefined) this.tell(told)
  }

  userInfo(number: number): Promise<User | undefined> {
    return readUser(this.stay.line, this.ports.numbers, number)
  }

  friends(): Promise<readonly User[] | undefined> {
    return readFriends(this.stay.line, this.ports.numbers)
  }

  async groupUsers(number: number): Promise<readonly User[]> {
    const { numbers } = this.ports
    const group = await numbers.idOf('group', number)
    return (group === undefined ? undefined : await readMembers(this.stay.line, numbers, group)) ?? []
  }

  /** The oldest that were missed, once each. */
  async answerOffline(): Promise<void> {
    const { missed } = this
    const events: InboxEvent[] = []
    const messages: Buffer[] = []
    for (let bytes = 0; bytes < offlineBytesMax && events.length < offlineEventsMax; ) {
      const event = await missed?.inbox.next()
      if (event === undefined) break
      // Read along with the last of them: it was shown when it happened.
      if (!event.isMissed) continue
      events.push(event)
      const message = await this.stay.whenPossible(() => this.bytesOf(event))
      if (message === undefined) continue
      messages.push(message)
      bytes += message.length
    }
    const written = missed?.cursors.taken(events, missed.inbox.unfinished())
    this.writer.write(answers.offline(messages), written)
  }

  private async show(event: InboxEvent): Promise<void> {
    const bytes = await this.bytesOf(event)
    await this.writer.room()
    if (this.stay.isOver) return
    if (bytes !== undefined) this.writer.write(pushes.chat(bytes))
    this.writer.afterQueued(() =>
      this.missed === undefined ? this.stay.note(event) : this.missed.cursors.shown(event.event),
    )
  }

  /** Whoever writes says himself in the bytes who he is, as these clients do; of a group it is said here. */
  private async bytesOf(event: InboxEvent): Promise<Buffer | undefined> {
    const { user, nameOf } = this.stay
    const shown = await shownEvent(event, user.id, this.stay)
    switch (shown?.kind) {
      case undefined:
        return undefined
      case 'told':
        return Buffer.from(`server: ${shown.text}`)
      case 'message': {
        const prefix = shown.group === undefined ? '' : await this.titles.before(shown.group, await nameOf(shown.from))
        return Buffer.concat([Buffer.from(prefix + (shown.isEdited ? '(edited) ' : '')), bytesOf(shown.body)])
      }
    }
  }
}
