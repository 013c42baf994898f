import type { DialectSession } from '../client-connection.ts'
import type { SpokenPorts } from '../dialect-ports.ts'
import { GroupTitles } from '../group-titles.ts'
import type { InboxEvent } from '../inbox.ts'
import type { LoggedIn, Push } from '../line.ts'
import type { PacedWriter } from '../paced-writer.ts'
import { shownEvent } from '../shown-event.ts'
import { Stay } from '../stay.ts'
import { shownText, textBody } from '../texts.ts'
import { type Chat, payloads } from './codec.ts'
import { chatsOf, encodePayload, pagesOf, server } from './messages.ts'

/** Names that are asked for at once. */
const namesPage = 100
/** Missed events, shown or not, that go out together, as few frames as they fit into. */
const missedEventsMax = 100

interface Missed {
  readonly chats: Chat[]
  readonly events: InboxEvent[]
}

/** Somebody who is logged in by `envelope`: what he asks for, and what he is shown. */
export class EnvelopeSession implements DialectSession {
  private readonly ports: SpokenPorts
  private readonly writer: PacedWriter
  private readonly stay: Stay
  private readonly titles: GroupTitles
  private readonly onFailed: (error: unknown) => void

  constructor(ports: SpokenPorts, loggedIn: LoggedIn, writer: PacedWriter, onFailed: (error: unknown) => void) {
    this.ports = ports
    this.writer = writer
    this.onFailed = onFailed
    this.stay = new Stay({ ...ports, onFailed, show: (event) => this.show(event) }, loggedIn)
    this.titles = new GroupTitles(loggedIn.line, ports.numbers)
  }

  async begin(): Promise<boolean> {
    if (!(await this.stay.inbox.open())) return false
    this.write(payloads.outcome('Login', true, 'login success'))
    this.showMissed().catch(this.onFailed)
    return true
  }

  hear(push: Push): void {
    this.titles.hear(push)
    if (push.op !== 'notice') this.stay.inbox.hear(push)
    else if (push.code === 'restarting') this.write(payloads.serverStops())
    else for (const chat of this.told(String(push.message))) this.write(payloads.chat(chat))
  }

  stop(): void {
    this.stay.stop()
  }

  leave(): Promise<void> {
    return this.stay.leave()
  }

  /** Whether it is on its way. */
  async chat(to: string, text: string): Promise<boolean> {
    const { line } = this.stay
    const found = await line.ask('user', { name: to })
    if (found.op === 'error') return false
    const { user } = found as unknown as { user: { readonly id: number } }
    const fields = { clientMsgId: line.newClientMsgId(), to: { user: user.id }, body: textBody(text) }
    return (await line.ask('send', fields)).op === 'ok'
  }

  /** Everybody's names, as many answers as it takes. */
  async tellUserNames(): Promise<void> {
    let after: string | undefined
    do {
      const answer = await this.stay.line.ask('users', {
        limit: namesPage,
        ...(after === undefined ? {} : { after }),
      })
      if (answer.op === 'error') return this.write(payloads.noUserNames())
      const { items, next } = answer as unknown as { items: { readonly name: string }[]; next?: string }
      const names = items.map(({ name }) => name)
      for (const page of pagesOf(names, payloads.userNames)) {
        if (!(await this.writer.room())) return
        this.write(page)
      }
      after = next
    } while (after !== undefined)
  }

  /** What was missed comes many a frame, what happens meanwhile behind it; then everything as it comes. */
  private async showMissed(): Promise<void> {
    let missed: Missed = { chats: [], events: [] }
    for (;;) {
      const event = await this.stay.inbox.next()
      if (event === undefined) break
      const chats = await this.stay.whenPossible(() => this.chatsOf(event))
      if (chats === undefined) return
      if (!event.isMissed) {
        await this.sendMissed(missed)
        missed = { chats: [], events: [] }
        await this.send(event, chats)
        continue
      }
      if (missed.events.length >= missedEventsMax) {
        await this.sendMissed(missed)
        missed = { chats: [], events: [] }
      }
      missed.chats.push(...chats)
      missed.events.push(event)
    }
    await this.sendMissed(missed)
    this.stay.inbox.run()
  }

  private async sendMissed({ chats, events }: Missed): Promise<void> {
    await this.writer.room()
    if (this.stay.isOver) return
    for (const page of pagesOf(chats, payloads.offline)) this.write(page)
    this.afterWritten(events)
  }

  private async show(event: InboxEvent): Promise<void> {
    await this.send(event, await this.chatsOf(event))
  }

  private async send(event: InboxEvent, chats: readonly Chat[]): Promise<void> {
    await this.writer.room()
    if (this.stay.isOver) return
    for (const chat of chats) this.write(payloads.chat(chat))
    this.afterWritten([event])
  }

  /** The cursors move once all of it was written. */
  private afterWritten(events: readonly InboxEvent[]): void {
    if (events.length === 0) return
    this.writer.afterQueued(() => {
      for (const event of events) this.stay.note(event)
    })
  }

  private async chatsOf(inboxEvent: InboxEvent): Promise<readonly Chat[]> {
    const { user, nameOf } = this.stay
    const shown = await shownEvent(inboxEvent, user.id, this.stay)
    const time = this.ports.timeOf(inboxEvent.event.at)
    switch (shown?.kind) {
      case undefined:
        return []
      case 'told':
        return this.told(shown.text, time)
      case 'message': {
        const sendName = await nameOf(shown.from)
        const prefix = shown.group === undefined ? '' : await this.titles.before(shown.group, sendName)
        return chatsOf(shownText(prefix) + shown.text, { sendName, recvName: user.name, time })
      }
    }
  }

  private told(text: string, time = this.ports.timeOf(this.ports.clock.now())): readonly Chat[] {
    return chatsOf(shownText(text), { sendName: server, recvName: this.stay.user.name, time })
  }

  private write(payload: Buffer): void {
    this.writer.write(encodePayload(payload))
  }
}
