import { type Clock, type Logger, type Random, sleep, uuidV7 } from '@chat/runtime'
import { type CloseCode, closeCode, type ErrorFrame, type OkFrame } from '@chat/schemas/protocol'
import type { Answer, Socket, SocketEvents, SocketHandlers } from '../ports.ts'
import type { Numbers } from './old-numbers.ts'

/** What may help when it is asked again is, for so long, ms. */
const askAgainMaxMs = 35_000
/** Unless the answer says when, ms. */
const askAgainAfterMs = 300

/** Read models that are behind are asked again after this, ms, so often. */
const staleAgainMs = 300
const staleTriesMax = 30

export type LineAnswer = OkFrame | ErrorFrame
export type Push = Readonly<Record<string, unknown>> & { readonly op: string }

/**
 * A chat.v1 connection inside this process: what somebody of an older protocol is to the rest of the connector. So every rule, limit
 * and order is that of a socket, and none of it is written twice.
 */
export interface Line {
  /** One request. Never rejects: of a line that closed it is answered `unavailable`. */
  request(op: string, fields: object): Promise<LineAnswer>
  /** The same, again while that may help. A write must carry its clientMsgId: nothing then happens twice. */
  ask(op: string, fields: object): Promise<LineAnswer>
  newClientMsgId(): string
  close(): void
  readonly isOpen: boolean
}

export interface LineEvents {
  onPush(push: Push): void
  /** Closed by the connector; not called after `close`. */
  onClosed(): void
}

export interface LinePorts {
  /** Its user may have no other connection of this kind; false: as many as he likes. */
  readonly isExclusive?: boolean
  readonly accept: SocketHandlers['accept']
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Asks again after so many ms as `againAfterMs` says of the answer; undefined: there is no use in it. The last answer. */
const whileItMayHelp = async <T>(
  line: Pick<Line, 'isOpen'>,
  clock: Clock,
  ask: () => Promise<T>,
  againAfterMs: (answer: T) => number | undefined,
): Promise<T> => {
  const untilMs = clock.monotonic() + askAgainMaxMs
  for (;;) {
    const answer = await ask()
    const afterMs = againAfterMs(answer)
    if (afterMs === undefined || !line.isOpen || clock.monotonic() + afterMs > untilMs) return answer
    await sleep(clock, afterMs)
  }
}

/** What is looked up beside the line, as long as the line would ask. undefined: nobody can tell now. */
export const askBeside = <T>(
  line: Pick<Line, 'isOpen'>,
  clock: Clock,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> =>
  whileItMayHelp(line, clock, ask, (answer) => (answer === undefined ? askAgainAfterMs : undefined))

/** The end of a line that people of older protocols have. */
class OpenLine implements Line {
  private readonly ports: LinePorts
  private readonly events: LineEvents
  private readonly connection: SocketEvents
  private readonly waiting = new Map<number, (answer: LineAnswer) => void>()
  private nextRef = 1
  private isThere = true
  /** Frames for a connector that does not read now. */
  private unread: string[] | undefined

  constructor(ports: LinePorts, remoteAddress: string, events: LineEvents) {
    this.ports = ports
    this.events = events
    this.connection = ports.accept(new LineSocket(this, remoteAddress, ports.isExclusive ?? true))
  }

  get isOpen(): boolean {
    return this.isThere
  }

  request(op: string, fields: object): Promise<LineAnswer> {
    return new Promise((resolve) => {
      const ref = this.nextRef++
      if (!this.isThere) return resolve(closedAnswer(ref))
      this.waiting.set(ref, resolve)
      this.say(JSON.stringify({ op, ref, ...fields }))
    })
  }

  ask(op: string, fields: object): Promise<LineAnswer> {
    const ask = () => this.request(op, fields)
    return whileItMayHelp(this, this.ports.clock, ask, (answer) =>
      answer.op === 'error' && answer.retry === 'later' ? (answer.retryAfterMs ?? askAgainAfterMs) : undefined,
    )
  }

  newClientMsgId(): string {
    return uuidV7(this.ports.clock.now(), this.ports.random)
  }

  close(): void {
    this.gone(1000)
  }

  /** The connector writes. */
  hear(frame: string | Buffer): void {
    if (!this.isThere) return
    try {
      this.take(JSON.parse(frame.toString()))
    } catch (error) {
      // The connector tells many of an event: one that fails must not keep it from the others.
      this.ports.logger.error({ err: error }, 'connection failed')
      this.closed(closeCode.internal)
    }
  }

  /** Whether the client lives is the business of its own connection. */
  pong(): void {
    queueMicrotask(() => this.isThere && this.connection.onPong())
  }

  /** The connector closes. */
  closed(code: number): void {
    if (!this.isThere) return
    this.gone(code)
    queueMicrotask(() => this.events.onClosed())
  }

  pause(): void {
    this.unread ??= []
  }

  resume(): void {
    const frames = this.unread ?? []
    this.unread = undefined
    for (const frame of frames) this.say(frame)
  }

  private say(frame: string): void {
    if (this.unread !== undefined) this.unread.push(frame)
    else this.connection.onFrame(frame)
  }

  private take(frame: LineAnswer | Push): void {
    if (!('ref' in frame)) {
      this.events.onPush(frame)
      return
    }
    const answer = frame as LineAnswer
    this.waiting.get(answer.ref)?.(answer)
    this.waiting.delete(answer.ref)
  }

  private gone(code: number): void {
    if (!this.isThere) return
    this.isThere = false
    // Later, because the connector may close a connection while it accepts it.
    queueMicrotask(() => this.connection.onClose(code))
    for (const [ref, answer] of this.waiting) answer(closedAnswer(ref))
    this.waiting.clear()
  }
}

/** The end that the connector has. */
class LineSocket implements Socket {
  readonly remoteAddress: string
  readonly isExclusive?: true
  private readonly line: OpenLine

  constructor(line: OpenLine, remoteAddress: string, isExclusive: boolean) {
    this.line = line
    this.remoteAddress = remoteAddress
    if (isExclusive) this.isExclusive = true
  }

  send(frame: string | Buffer): void {
    this.line.hear(frame)
  }

  ping(): void {
    this.line.pong()
  }

  close(code: CloseCode): void {
    this.line.closed(code)
  }

  pause(): void {
    this.line.pause()
  }

  resume(): void {
    this.line.resume()
  }

  bufferedBytes(): number {
    return 0
  }
}

const closedAnswer = (ref: number): ErrorFrame => ({
  ...{ op: 'error', ref, code: 'unavailable', message: 'the connection closed', retry: 'reconnect' },
})

/** Asks until the read models have caught up. */
export const askFresh = async (line: Line, clock: Clock, op: string, fields: object): Promise<LineAnswer> => {
  for (let tries = 0; ; tries++) {
    const answer = await line.ask(op, fields)
    if (answer.op === 'error' || !('stale' in answer) || tries >= staleTriesMax || !line.isOpen) return answer
    await sleep(clock, staleAgainMs)
  }
}

/** Somebody who is logged in, and his line. */
export interface LoggedIn {
  readonly line: Line
  readonly user: { readonly id: number; readonly name: string }
  /** Ends the session, once nothing is on the way any more. */
  readonly end: () => Promise<void>
}

/** Why somebody was not let in. `online`: by an older protocol he is connected already. */
export type Refused = 'badCredentials' | 'online' | 'suspended' | 'notNow'

/** Who logs in, as his client calls him, and what he knows. */
export type LoginCredentials = ({ readonly number: number } | { readonly name: string }) & { readonly password: string }

/** These protocols know the first two of them; the others are said in our words. */
export const ownReasons = {
  suspended: 'this account is suspended',
  notNow: 'not possible at the moment, try again',
} as const

/** Logs in and opens the line. Never rejects but for bugs. */
export const logInOnLine = async (
  ports: LinePorts & Pick<SocketHandlers, 'api'> & { readonly numbers: Numbers },
  credentials: LoginCredentials,
  remoteAddress: string,
  events: LineEvents,
): Promise<LoggedIn | Refused> => {
  const { api, clock, random, numbers } = ports
  // One of its own each time: the same device would put out the connection that is there, which is to stay.
  const device = uuidV7(clock.now(), random)
  const { password } = credentials
  const named = 'name' in credentials ? { name: credentials.name } : await numbered(credentials.number, numbers)
  if (named === undefined) return 'notNow'
  const answer = await api.logIn({ ...named, password, device }, remoteAddress)
  return enterOnLine(ports, { answer, device }, remoteAddress, events)
}

const numbered = async (number: number, numbers: Numbers): Promise<{ readonly userId: number } | undefined> => {
  const userId = await numbers.idOf('user', number)
  return userId === undefined ? undefined : { userId }
}

/** What the login of a device was answered. */
export interface Entry {
  readonly answer: Answer
  readonly device: string
}

/** Opens the line of somebody whose login was answered. Never rejects but for bugs. */
export const enterOnLine = async (
  ports: LinePorts & Pick<SocketHandlers, 'api'>,
  { answer, device }: Entry,
  remoteAddress: string,
  events: LineEvents,
): Promise<LoggedIn | Refused> => {
  const { api } = ports
  if ('error' in answer) return refusedOf(answer.error)
  const { accessToken: token, user } = answer.ok as { accessToken: string; user: LoggedIn['user'] }
  const identity = await api.authenticate(token)
  const end = async () => {
    if (identity !== undefined) await api.endSession(identity)
  }
  const line = new OpenLine(ports, remoteAddress, events)
  const hello = await line.request('hello', { token, device })
  if (hello.op === 'ok') return { line, user, end }
  await end()
  return refusedOf(hello.code)
}

const refusedOf = (code: string): Refused => {
  switch (code) {
    case 'bad_credentials':
    case 'invalid':
      return 'badCredentials'
    case 'already_online':
      return 'online'
    case 'suspended':
      return 'suspended'
    default:
      return 'notNow'
  }
}
