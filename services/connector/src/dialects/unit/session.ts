import { readFriends, readMembers, readRequests } from '../account-view.ts'
import { type Acts, createActs } from '../acts.ts'
import type { DialectSession } from '../client-connection.ts'
import { Cursors } from '../cursors.ts'
import type { SpokenPorts } from '../dialect-ports.ts'
import { GroupTitles } from '../group-titles.ts'
import { Inbox, type InboxEvent } from '../inbox.ts'
import type { LoggedIn, Push } from '../line.ts'
import type { PacedWriter } from '../paced-writer.ts'
import { friendRequestText, shownEvent } from '../shown-event.ts'
import { answers, pushes, type User } from './codec.ts'
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
  private readonly loggedIn: LoggedIn
  private readonly writer: PacedWriter
  private readonly inbox: Inbox
  private readonly cursors: Cursors
  private readonly titles: GroupTitles
  private isStopped = false
  private missed: { readonly inbox: Inbox; readonly cursors: MissedCursors } | undefined

  constructor(ports: SpokenPorts, loggedIn: LoggedIn, writer: PacedWriter, onFailed: (error: unknown) => void) {
    const { clock, random, api, isAutofriend, names } = ports
    const { line, user } = loggedIn
    this.ports = ports
    this.loggedIn = loggedIn
    this.writer = writer
    this.cursors = new Cursors(line, clock)
    this.titles = new GroupTitles(line)
    this.inbox = new Inbox({ line, clock, random, onFailed, show: (event) => this.show(event) })
    this.acts = createActs({ line, self: user.id, befriend: isAutofriend ? api.dialects.befriend : undefined })
    names.note(user.id, user.name)
  }

  /** What was missed waits until it is asked for; the friends who ask are told at once. */
  async begin(): Promise<boolean> {
    if (!(await this.inbox.open())) return false
    const requests = await readRequests(this.loggedIn.line)
    if (requests === undefined) return false
    const inbox = this.inbox.takeMissed()
    this.missed = { inbox, cursors: new MissedCursors(inbox.unfinished(), this.cursors) }
    this.writer.write(answers.loggedIn())
    for (const { id, name } of requests) this.tell(friendRequestText(id, name))
    this.inbox.run()
    return true
  }

  hear(push: Push): void {
    this.titles.hear(push)
    if (push.op !== 'notice') this.inbox.hear(push)
    else if (push.code === 'restarting') this.writer.write(pushes.serverStops())
    else this.tell(String(push.message))
  }

  stop(): void {
    this.isStopped = true
    this.inbox.stop()
    this.missed?.inbox.stop()
  }

  async leave(): Promise<void> {
    const { line, end } = this.loggedIn
    this.cursors.leave()
    line.close()
    await end()
  }

  /** A message of the server: what the protocol has no other for. */
  tell(text: string): void {
    this.writer.write(pushes.chat(Buffer.from(`server: ${text}`)))
  }

  async chat(to: number, bytes: Buffer): Promise<void> {
    const told = await this.acts.send({ user: to }, bodyOf(bytes), String(to))
    if (told !== undefined) this.tell(told)
  }

  async userInfo(id: number): Promise<User | undefined> {
    const answer = await this.loggedIn.line.ask('user', { id })
    if (answer.op === 'error') return undefined
    const { user } = answer as unknown as { user: User }
    return { id: user.id, name: user.name }
  }

  friends(): Promise<readonly User[] | undefined> {
    return readFriends(this.loggedIn.line)
  }

  async groupUsers(group: number): Promise<readonly User[]> {
    return (await readMembers(this.loggedIn.line, group)) ?? []
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
      const message = await this.bytesOf(event)
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
    // Whoever logs in next on this connection must not see it.
    if (this.isStopped) return
    if (bytes !== undefined) this.writer.write(pushes.chat(bytes))
    this.writer.afterQueued(() => this.missed?.cursors.shown(event.event))
  }

  /** Whoever writes says himself in the bytes who he is, as these clients do; of a group it is said here. */
  private async bytesOf(event: InboxEvent): Promise<Buffer | undefined> {
    const { line, user } = this.loggedIn
    const nameOf = (id: number) => this.ports.names.of(id, line)
    const shown = await shownEvent(event, user.id, nameOf)
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
