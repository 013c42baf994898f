import { type AccountView, readAccountView, type User } from '../account-view.ts'
import { Acts } from '../acts.ts'
import type { DialectSession } from '../client-connection.ts'
import type { InboxEvent } from '../inbox.ts'
import type { LoggedIn, Push } from '../line.ts'
import type { PacedWriter } from '../paced-writer.ts'
import { friendRequestText, shownEvent } from '../shown-event.ts'
import { Stay } from '../stay.ts'
import { packEntries, shownText, textBody } from '../texts.ts'
import { type JsonRequest, textBytes } from './codec.ts'
import type { JsonPorts } from './json-ports.ts'
import { loginAnswer } from './login-answer.ts'
import { chatMessages, encodeMessage, server, serverTextBytesMax } from './messages.ts'

/** Missed messages that are tried for the answer to the login: more never fit. */
const answeredMissedMax = 16

/** What a request of somebody who is logged in may be. */
export type Act = Exclude<JsonRequest, { readonly type: 'logIn' | 'logOut' | 'register' | 'unknown' | 'invalid' }>

interface Missed {
  readonly event: InboxEvent
  readonly messages: readonly object[]
}

/** Somebody who is logged in by a JSON dialect: what he asks for, and what he is shown. */
export class JsonSession implements DialectSession {
  private readonly ports: JsonPorts
  private readonly writer: PacedWriter
  private readonly stay: Stay
  private readonly acts: Acts
  /** As his client calls him, once his login is answered. */
  private self: User

  constructor(ports: JsonPorts, loggedIn: LoggedIn, writer: PacedWriter, onFailed: (error: unknown) => void) {
    const { api, numbers, clock, isAutofriend } = ports
    const { line, user } = loggedIn
    this.ports = ports
    this.self = user
    this.writer = writer
    this.stay = new Stay({ ...ports, onFailed, show: (event) => this.show(event) }, loggedIn)
    const befriend = isAutofriend ? api.dialects.befriend : undefined
    this.acts = new Acts({ line, clock, numbers, self: user.id, befriend })
  }

  async begin(): Promise<boolean> {
    const { line, user, inbox } = this.stay
    if (!(await inbox.open())) return false
    const view = await readAccountView(line, this.ports.numbers, user)
    if (view === undefined) return false
    this.self = view.self
    await this.answer(view)
    for (const { id, name } of view.requests) this.tell(friendRequestText(id, name))
    inbox.run()
    return true
  }

  hear(push: Push): void {
    if (push.op === 'notice') this.tell(String(push.message))
    else this.stay.inbox.hear(push)
  }

  async perform(act: Act): Promise<void> {
    const told = await this.act(act)
    if (told !== undefined) this.tell(told)
  }

  /** A message of the server: what the protocol has no other for. */
  tell(text: string): void {
    for (const message of this.serverMessages(text)) this.writer.write(encodeMessage(message))
  }

  /** Nothing more is shown. */
  stop(): void {
    this.stay.stop()
  }

  /** The user is free at once; resolves when his session has ended. */
  leave(): Promise<void> {
    return this.stay.leave()
  }

  private act(act: Act): Promise<string | undefined> {
    switch (act.type) {
      case 'chat':
        return this.acts.chat(act.to, textBody(act.text))
      case 'groupChat':
        return this.acts.groupChat(act.group, textBody(act.text))
      case 'addFriend':
        return this.acts.addFriend(act.friend)
      case 'createGroup':
        return this.acts.createGroup(act.name, act.description)
      case 'joinGroup':
        return this.acts.joinGroup(act.group)
    }
  }

  /** Missed messages that fit are in the answer itself, the others follow. */
  private async answer(view: AccountView): Promise<void> {
    const { dialect } = this.ports
    const { inbox } = this.stay
    const missed: Missed[] = []
    for (let count = 0; count < answeredMissedMax; count++) {
      const event = await inbox.next()
      if (event === undefined) break
      missed.push({ event, messages: await this.messagesOf(event) })
    }
    const { message, offline, rest } = loginAnswer(dialect, view, beginningOf(missed))
    let left = offline
    const firstAfter = missed.findIndex(({ messages }) => messages.length > 0 && left-- <= 0)
    const [answered, following] = splitAt(missed, firstAfter === -1 ? missed.length : firstAfter)
    this.writer.write(encodeMessage(message), () => {
      for (const { event } of answered) this.stay.note(event)
    })
    for (const { event, messages } of following) this.send(event, messages)
    for (const text of packEntries(rest, serverTextBytesMax, textBytes)) {
      await this.writer.room()
      this.tell(text)
    }
  }

  private async show(event: InboxEvent): Promise<void> {
    const messages = await this.messagesOf(event)
    await this.writer.room()
    if (!this.stay.isOver) this.send(event, messages)
  }

  /** The cursor moves once all of it was written. */
  private send(event: InboxEvent, messages: readonly object[]): void {
    for (const message of messages) this.writer.write(encodeMessage(message))
    this.writer.afterQueued(() => this.stay.note(event))
  }

  private async messagesOf(inboxEvent: InboxEvent): Promise<readonly object[]> {
    const { dialect, timeOf } = this.ports
    const { user, nameOf, numberOf } = this.stay
    const shown = await shownEvent(inboxEvent, user.id, this.stay)
    const time = timeOf(inboxEvent.event.at)
    switch (shown?.kind) {
      case undefined:
        return []
      case 'told':
        return this.serverMessages(shown.text, time)
      case 'message': {
        const from = { id: await numberOf('user', shown.from), name: await nameOf(shown.from) }
        const group = shown.group === undefined ? undefined : await numberOf('group', shown.group)
        return chatMessages(dialect, this.self.id, { from, group, text: shown.text, time })
      }
    }
  }

  private serverMessages(text: string, time = this.ports.timeOf(this.ports.clock.now())): readonly object[] {
    const { dialect } = this.ports
    return chatMessages(dialect, this.self.id, { from: server, group: undefined, text: shownText(text), time })
  }
}

/** Up to the first message that is too long for one frame: it does not fit into the answer either. */
const beginningOf = (missed: readonly Missed[]): readonly object[] => {
  const firstLong = missed.findIndex(({ messages }) => messages.length > 1)
  return missed.slice(0, firstLong === -1 ? missed.length : firstLong).flatMap(({ messages }) => messages)
}

const splitAt = <T>(items: readonly T[], at: number) => [items.slice(0, at), items.slice(at)] as const
