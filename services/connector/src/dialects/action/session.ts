import { sleep } from '@chat/runtime'
import type { ClientEvent } from '@chat/schemas'
import { type ErrorFrame, errorStatus } from '@chat/schemas/protocol'
import type { InboxEvent } from '../inbox.ts'
import { askFresh, type LineAnswer, type LoggedIn, type Push } from '../line.ts'
import { Stay } from '../stay.ts'
import type { ActionPorts } from './action-ports.ts'
import { type ActionRequest, type ChatData, flatWords } from './codec.ts'
import { Rooms } from './rooms.ts'
import { chatOf, toldOf } from './shown.ts'
import type { Writer } from './writer.ts'

/** What somebody who joins a room is shown of it, messages at most, looked for in so many pages. */
const replayedMax = 50
const replayPagesMax = 5
/** Whoever joined a moment ago may not be known as a member yet: asked again so often, after so many ms. */
const joinTriesMax = 5
const joinAgainMs = 300
/** More words of a `popular` are not given. */
const popularMax = 100

/** What a request of somebody who is logged in may be. */
type Act = Exclude<ActionRequest, { readonly type: 'logIn' | 'invalid' }>

/** Somebody who is logged in by this dialect: what he asks for, and what he is shown. */
export class Session {
  private readonly ports: ActionPorts
  private readonly writer: Writer
  private readonly stay: Stay
  private readonly rooms: Rooms
  /** What was shown of a room when it was joined, by conversation: not to be shown again. */
  private readonly replayed = new Map<string, { readonly from: number; readonly to: number }>()
  /** A room that is joined is shown as a whole: nothing else comes between. */
  private turn: Promise<void> = Promise.resolve()

  constructor(ports: ActionPorts, loggedIn: LoggedIn, writer: Writer, onFailed: (error: unknown) => void) {
    this.ports = ports
    this.writer = writer
    this.stay = new Stay({ ...ports, onFailed, show: (event) => this.inTurn(() => this.take(event)) }, loggedIn)
    this.rooms = new Rooms(loggedIn.line, ports.api)
  }

  /** Answers the login and begins to show. Resolves with false when what was missed cannot be read now. */
  async begin(): Promise<boolean> {
    const { inbox, user } = this.stay
    if (!(await inbox.open())) return false
    const sessionId = this.writer.below(10_000_000)
    this.writer.write({ action: 'login', data: { username: user.name, sessionId } })
    inbox.run()
    return true
  }

  hear(push: Push): void {
    if (push.op === 'notice') this.tell(String(push.message))
    else this.stay.inbox.hear(push)
  }

  async perform(act: Act): Promise<void> {
    switch (act.type) {
      case 'chat':
        return this.chat(act.to, act.text)
      case 'roomChat':
        return this.roomChat(act.room, act.text)
      case 'joinRoom':
        return this.joinRoom(act.room)
      case 'userInfo':
        return this.userInfo(act.name)
      case 'popular':
        return this.popular(act.n)
    }
  }

  /** Nothing more is shown; the user is free at once. Resolves when his session has ended. */
  leave(): Promise<void> {
    this.stay.stop()
    return this.stay.leave()
  }

  private async chat(to: string, text: string): Promise<void> {
    const user = await this.userNamed(to)
    if (user === 'refused') return
    if (user === undefined) return this.writer.refuse(404, `user ${to} is not found`)
    await this.send({ user: user.id }, text)
  }

  private async roomChat(room: string, text: string): Promise<void> {
    const conversation = await this.conversationOf(room)
    if (conversation !== undefined) await this.send({ conversation }, text)
  }

  private async send(to: object, text: string): Promise<void> {
    const body = { kind: 'text', text }
    const answer = await this.write('send', { to, body })
    if (answer.op === 'error') this.refuseBy(answer)
  }

  /** He is a member first, so that what is shown is what he may see as one. */
  private async joinRoom(room: string): Promise<void> {
    const conversation = await this.conversationOf(room)
    if (conversation === undefined) return
    const answer = await this.write('group.join', { conversation })
    if (answer.op === 'error' && answer.code !== 'already_member') return this.refuseBy(answer)
    await this.inTurn(async () => {
      if (!(await this.replay(conversation))) this.writer.refuse(403, `you are not in room ${room}`)
    })
  }

  /** The room's last messages; false: he may not see them. */
  private async replay(conversation: string): Promise<boolean> {
    const messages: ClientEvent[] = []
    let [from, to] = [0, 0]
    for (let page = 0; page < replayPagesMax && messages.length < replayedMax; page++) {
      const answer = await this.history(conversation, from)
      if (answer.op === 'error') return false
      const found = answer as unknown as { events: ClientEvent[]; from: number; to: number; hasMore: boolean }
      if (page === 0) to = found.to
      from = found.from
      messages.unshift(...found.events.filter(({ type, data }) => type === 'messagePosted' && data.deleted !== true))
      if (!found.hasMore) break
    }
    const last = messages.slice(-replayedMax)
    this.replayed.set(conversation, { from: last[0]?.seq ?? to, to })
    for (const event of last) {
      await this.push(event)
      await this.writer.flushed()
    }
    return true
  }

  /** The page before `before`; 0: the newest. */
  private async history(conversation: string, before: number): Promise<LineAnswer> {
    const { line } = this.stay
    for (let tries = 1; ; tries++) {
      const bounds = before === 0 ? {} : { before }
      const answer = await askFresh(line, this.ports.clock, 'history', { conversation, limit: replayedMax, ...bounds })
      if (answer.op === 'ok' || answer.code !== 'not_found' || tries >= joinTriesMax || !line.isOpen) return answer
      await sleep(this.ports.clock, joinAgainMs)
    }
  }

  private async userInfo(name: string): Promise<void> {
    const { line } = this.stay
    const user = await this.userNamed(name)
    if (user === 'refused') return
    // Watching is how it is asked whether somebody is online, and whether the asker may know.
    const answer = user && (await line.ask('presence.watch', { users: [user.id] }))
    if (user !== undefined) await line.request('presence.unwatch', { users: [user.id] })
    const { users = [] } = (answer ?? {}) as { users?: readonly { online: boolean; since?: string }[] }
    const since = users[0]?.online === true ? users[0].since : undefined
    if (user === undefined || since === undefined) return this.writer.refuse(404, `user ${name} is not on line`)
    const nodeId = (await this.ports.api.dialects.nodeOf(user.id)) ?? ''
    this.writer.write({ action: 'userInfo', data: { username: user.name, loginTime: Date.parse(since), nodeId } })
  }

  private async popular(n: number): Promise<void> {
    const answer = await this.stay.line.ask('popular', { n: Math.min(n, popularMax) })
    if (answer.op === 'error') return this.refuseBy(answer)
    const { words } = answer as unknown as { words: readonly { word: string; count: number }[] }
    this.writer.write({ action: 'popular', data: { words: flatWords(words) } })
  }

  /** Shows one event; the cursor moves once all of it was written. */
  private async take(event: InboxEvent): Promise<void> {
    const { conversation, seq } = event.event
    const shown = this.replayed.get(conversation)
    const isShown = shown !== undefined && seq >= shown.from && seq <= shown.to
    if (!isShown) await this.push(event.event, event.isMissed)
    if ((await this.writer.flushed()) && !this.stay.isOver) this.stay.note(event)
  }

  private async push(event: ClientEvent, isMissed = false): Promise<void> {
    const { user, nameOf, numberOf } = this.stay
    const about = {
      self: user.id,
      nameOf,
      numberOf,
      roomNameOf: (conversation: string) => this.rooms.nameOf(conversation),
    }
    const chat = await chatOf(event, about)
    if (chat !== undefined) return this.show(chat)
    const told = isMissed ? undefined : await toldOf(event, about)
    if (told !== undefined) this.tell(told, Date.parse(event.at))
  }

  /** What this protocol has no message for. */
  private tell(message: string, ts = this.ports.clock.now()): void {
    this.show({ from: 'server', roomName: '', message, ts, format: 'text' })
  }

  /** What was on its way when he left is not for whoever logs in next on this connection. */
  private show(data: ChatData): void {
    if (!this.stay.isOver) this.writer.write({ action: 'chat', data })
  }

  /** undefined: refused. */
  private async conversationOf(room: string): Promise<string | undefined> {
    const found = await this.rooms.conversationOf(room)
    if (found === undefined) this.writer.refuse(404, `room ${room} is not found`)
    if (found === 'unavailable') this.writer.refuse(503, 'not possible at the moment, try again')
    return found === 'unavailable' ? undefined : found
  }

  /** undefined: there is none. `refused`: it cannot be told now, and he was told so. */
  private async userNamed(
    name: string,
  ): Promise<{ readonly id: number; readonly name: string } | undefined | 'refused'> {
    const answer = await this.stay.line.ask('user', { name })
    if (answer.op === 'ok') return (answer as unknown as { user: { id: number; name: string } }).user
    if (answer.code === 'no_such_user' || answer.code === 'invalid') return undefined
    this.refuseBy(answer)
    return 'refused'
  }

  private write(op: string, fields: object): Promise<LineAnswer> {
    const { line } = this.stay
    return line.ask(op, { clientMsgId: line.newClientMsgId(), ...fields })
  }

  /** A 401 would make the client ask for another name. */
  private refuseBy({ code, message }: ErrorFrame): void {
    const status = errorStatus[code]
    this.writer.refuse(status === 401 ? 403 : status, message)
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work)
    // Whoever waits for it hears of a failure; the next one goes on.
    this.turn = done.catch(() => {})
    return done
  }
}
