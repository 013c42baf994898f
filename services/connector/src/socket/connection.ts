import { AssertionError, isFault } from '@chat/runtime'
import {
  type CloseCode,
  closeCode,
  frameBytesMax,
  type HelloFrame,
  parseFrame,
  type RequestFrame,
  readWaitMs,
  type SyncFrame,
} from '@chat/schemas/protocol'
import { answerOfFault, encodeAnswer, ok, refused } from '../answer.ts'
import type { PushedEvent } from '../deliveries/pushed-event.ts'
import type { Answer, CommandOutcome, Identity, Socket, SocketEvents } from '../ports.ts'
import { count } from '../stats.ts'
import type { ConnectionServices, Session } from './connection-services.ts'
import type { EffectHandler, ReadHandler } from './frames/handler.ts'
import { type HandledFrame, handlerOf } from './frames/index.ts'
import { syncQueryOf } from './frames/sync-query.ts'
import { Intake } from './intake.ts'
import { Outbox } from './outbox.ts'
import { PushStream } from './push-stream.ts'
import { welcomeOf } from './welcome.ts'
import { Work } from './work.ts'
import { WriteLane, type WriteLaneClient } from './write-lane.ts'

/** The registry a connection lives in. */
export interface ConnectionHome {
  /** Monotonic ms as of the last tick: reading a clock for every frame is not worth it. */
  readonly nowMs: number
  newConnectionId(): string
  /** From now on pushes for the user come; an older connection of the device goes. */
  admit(connection: Connection, session: Session): void
  forget(connection: Connection, session: Session | undefined): void
  /** The queue to this client is full: look at it with each tick. */
  watch(connection: Connection): void
}

type State =
  | { readonly kind: 'awaitingHello' }
  | { readonly kind: 'authenticating' }
  /** Pushes arrive and are held until `hello` is answered. */
  | { readonly kind: 'opening'; readonly session: Session }
  | { readonly kind: 'live'; readonly session: Session }
  /** Answers what it took, takes nothing more. */
  | { readonly kind: 'finishing'; readonly session: Session }
  /** Whoever it was: what it asked last, as a cursor, may still be under way. */
  | { readonly kind: 'closed'; readonly session?: Session }

const awaitingHello: State = { kind: 'awaitingHello' }
const closed: State = { kind: 'closed' }

/** One client connection, from the first frame to the close. A class, so that 20,000 idle ones share their functions. PROTOCOL §2, §5. */
export class Connection implements SocketEvents, WriteLaneClient {
  /** Monotonic ms, kept for the registry's tick. */
  readonly openedMs: number
  lastHeardMs: number
  nextPingMs: number
  readonly outbox: Outbox
  private state: State = awaitingHello
  private readonly socket: Socket
  private readonly services: ConnectionServices
  private readonly home: ConnectionHome
  private readonly intake: Intake
  private readonly pushes: PushStream
  private writes: WriteLane | undefined
  private readonly work = new Work()
  private cursorsUnanswered = 0
  private isLoggingOut = false

  constructor(socket: Socket, services: ConnectionServices, home: ConnectionHome, nextPingMs: number) {
    this.socket = socket
    this.services = services
    this.home = home
    this.intake = new Intake(socket)
    this.outbox = new Outbox(socket, services.stats, () => home.watch(this))
    this.pushes = new PushStream(services, this.outbox)
    this.openedMs = home.nowMs
    this.lastHeardMs = home.nowMs
    this.nextPingMs = nextPingMs
  }

  get isAwaitingHello(): boolean {
    return this.state.kind === 'awaitingHello'
  }

  /** The peer cannot be heard, because we do not listen. */
  get isDeaf(): boolean {
    return this.intake.isDeaf
  }

  get session(): Session | undefined {
    return 'session' in this.state ? this.state.session : undefined
  }

  get identity(): Identity {
    const { session } = this
    if (session === undefined) throw new AssertionError('only an opened connection has a caller')
    return session.identity
  }

  positions() {
    return this.pushes.seen.positions()
  }

  // From the socket.

  onFrame(text: string) {
    this.services.stats.framesReceived++
    this.lastHeardMs = this.home.nowMs
    if (this.state.kind === 'closed' || this.state.kind === 'finishing') return
    if (!this.intake.hasKept && !this.isBusy()) this.take(text)
    else if (!this.intake.keep(text)) this.close(closeCode.unavailable, 'too many frames at once')
  }

  onBinary(): void {
    this.close(closeCode.malformed, 'chat.v1 has no binary frames')
  }

  onPong(): void {
    this.lastHeardMs = this.home.nowMs
  }

  onClose(_code: number): void {
    if (!this.isClosed()) this.leave()
  }

  // From the connector.

  ping(): void {
    this.socket.ping()
  }

  push(event: PushedEvent) {
    this.pushes.push(event)
  }

  notice(frame: Buffer): void {
    if (this.state.kind === 'live') this.outbox.push(frame)
  }

  resync(): void {
    if (this.state.kind === 'live') this.outbox.resync()
  }

  /** The queue to the client drained. */
  drained(): void {
    this.readOn()
  }

  /** The session ended, here or elsewhere. */
  sessionEnded(): void {
    if (!this.isLoggingOut) this.close(closeCode.sessionEnded, 'the session ended')
  }

  /** The device connected again. Its cursors are written first: the new connection goes on from there. */
  async replaced(): Promise<void> {
    if (this.cursorsUnanswered > 0) {
      this.stopTaking()
      await this.services.receipts.flush()
    }
    this.close(closeCode.replaced, 'the device connected again')
  }

  /** Takes nothing more, lets what was taken be answered, then closes. [G12] */
  async finish(code: CloseCode, reason: string): Promise<void> {
    this.stopTaking()
    if (this.state.kind === 'finishing') await this.work.idle()
    this.close(code, reason)
  }

  close(code: CloseCode, reason: string) {
    if (this.isClosed()) return
    this.leave()
    count(this.services.stats.closes, code)
    this.socket.close(code, reason)
  }

  // Frames.

  private take(text: string) {
    if (text.length * 3 > frameBytesMax && Buffer.byteLength(text) > frameBytesMax)
      return this.close(closeCode.frameTooBig, `a frame has at most ${frameBytesMax} bytes`)
    const parsed = parseFrame(text)
    if ('malformed' in parsed) return this.close(closeCode.malformed, 'not an object with op and ref')
    const { op, ref } = 'frame' in parsed ? parsed.frame : parsed
    if (this.state.kind === 'awaitingHello' && op !== 'hello')
      return this.refuse(
        ref,
        refused('unauthorized', 'the first frame must be hello'),
        closeCode.malformed,
        'hello missing',
      )
    if ('error' in parsed) return this.answer(parsed.ref, refused(parsed.error, parsed.message))
    this.dispatch(parsed.frame)
  }

  private dispatch(frame: RequestFrame) {
    if (frame.op === 'hello') return this.hello(frame)
    if (frame.op === 'logout') return void this.logOut(frame.ref)
    if (frame.op === 'sync') return void this.sync(frame)
    const handler = handlerOf(frame)
    if (handler.kind === 'write') {
      this.work.begin('write')
      this.writes ??= new WriteLane(this, this.services, this.services.commands)
      this.writes.add(frame, handler)
    } else if (handler.kind === 'effect') this.effect(frame, handler)
    else void this.read(frame, handler)
  }

  private effect(frame: HandledFrame, handler: EffectHandler<HandledFrame>) {
    const answer = handler.handle(frame, this, this.services)
    if (!(answer instanceof Promise)) return this.answer(frame.ref, answer)
    this.work.begin('write')
    this.cursorsUnanswered++
    answer
      .then(
        (value) => this.answer(frame.ref, value),
        (error) => this.failed(frame.ref, error),
      )
      .finally(() => {
        this.cursorsUnanswered--
        this.done('write')
      })
  }

  private async read(frame: HandledFrame, handler: ReadHandler<HandledFrame>): Promise<void> {
    this.work.begin('read')
    try {
      const positions = this.positions()
      const isFresh = positions.length === 0 || (await this.services.readModels.waitFor(positions, readWaitMs))
      if (isFresh) this.pushes.seen.passed(positions)
      const answer = await handler.handle(frame, this, this.services)
      this.answer(frame.ref, isFresh || 'error' in answer ? answer : ok({ ...answer.ok, stale: true }))
    } catch (error) {
      this.failed(frame.ref, error)
    }
    this.done('read')
  }

  private async sync(frame: SyncFrame): Promise<void> {
    this.work.begin('read')
    const query = syncQueryOf(this.identity.userId, frame)
    let isAnswered = false
    try {
      await this.pushes.catchUp(query, (page) => {
        isAnswered = true
        this.answer(frame.ref, ok({ ...page }))
      })
    } catch (error) {
      // What failed after the answer was the top-up: the client is told to ask once more.
      if (isAnswered && isFault(error)) this.resync()
      else this.failed(frame.ref, error)
    }
    this.done('read')
  }

  // Hello and logout.

  private hello(frame: HelloFrame) {
    if (this.state.kind !== 'awaitingHello') return this.answer(frame.ref, refused('invalid', 'hello was said before'))
    this.state = { kind: 'authenticating' }
    this.open(frame).catch((error) => {
      if (this.state.kind !== 'live') this.failed(frame.ref, error)
      this.close(closeCode.unavailable, 'not possible at the moment')
    })
  }

  private async open(frame: HelloFrame): Promise<void> {
    const { authenticate, isEnded, isOpen, clock } = this.services
    const identity = await authenticate(frame.token)
    if (this.state.kind !== 'authenticating') return
    // It may have ended since the token was checked; from the admission on, whoever ends it finds this connection.
    if (identity === undefined || isEnded(identity.sessionId))
      return this.refuse(frame.ref, refused('unauthorized'), closeCode.sessionEnded, 'token refused')
    if (!isOpen())
      return this.refuse(frame.ref, refused('unavailable'), closeCode.unavailable, 'this connector is not ready')
    const session = {
      identity: { ...identity, device: frame.device },
      connection: this.home.newConnectionId(),
      at: clock.now(),
    }
    this.state = { kind: 'opening', session }
    const release = this.pushes.holdBack()
    this.home.admit(this, session)
    await this.begin(frame, session)
    release()
    this.readOn()
  }

  /** The order of the steps is what closes the login race: registered, and acknowledged, before the watermark is asked for. [G1] */
  private async begin(frame: HelloFrame, session: Session): Promise<void> {
    const { registrar, kicks, directory } = this.services
    const { userId, device } = session.identity
    const [user] = await Promise.all([directory.user(userId), registrar.register(userId)])
    if (this.isClosed()) return
    if (user === undefined || user === 'unavailable')
      return this.refuse(frame.ref, refused('unavailable'), closeCode.unavailable, 'the account cannot be read')
    kicks.announce({ user: userId, device, connection: session.connection, at: session.at })
    const welcome = (page: object | undefined) => {
      if (this.state.kind !== 'opening') return
      this.state = { kind: 'live', session }
      this.answer(
        frame.ref,
        ok({ ...welcomeOf(this.services, user, session), ...(page === undefined ? {} : { sync: page }) }),
      )
    }
    if (frame.sync === undefined) welcome(undefined)
    else await this.pushes.catchUp(syncQueryOf(userId, { token: frame.sync }), welcome)
  }

  private refuse(ref: number, answer: Answer, code: CloseCode, reason: string) {
    this.answer(ref, answer)
    this.close(code, reason)
  }

  /** What was asked before is answered first. */
  private async logOut(ref: number): Promise<void> {
    this.isLoggingOut = true
    try {
      await Promise.all([this.services.receipts.flush(), this.work.idle()])
      if (this.isClosed()) return
      const answer = await this.services.endSession(this.identity)
      this.answer(ref, answer)
      if ('ok' in answer) return this.close(closeCode.sessionEnded, 'logged out')
    } catch (error) {
      this.failed(ref, error)
    }
    this.isLoggingOut = false
    this.readOn()
  }

  // Answers.

  written(ref: number, answer: Answer, outcome: CommandOutcome | undefined) {
    if (outcome !== undefined && outcome.outcome !== 'rejected') this.pushes.seen.note(outcome.partition, outcome.pos)
    this.answer(ref, answer)
    this.done('write')
  }

  /** What was pipelined behind a write of unknown outcome must not overtake it: the client resends all of it in order. [G4] */
  writeFailed(ref: number, error: unknown) {
    if (isFault(error) && error.code !== 'timeout') return this.close(closeCode.unavailable, 'the log is not reachable')
    this.failed(ref, error)
    this.done('write')
  }

  private failed(ref: number, error: unknown) {
    const answer = answerOfFault(error)
    if (answer !== undefined) return this.answer(ref, answer)
    if (error instanceof AssertionError) return this.services.onFatal(error)
    this.services.logger.error({ err: error }, 'request failed')
    this.answer(ref, refused('internal'))
  }

  private answer(ref: number, answer: Answer): void {
    if ('error' in answer) count(this.services.stats.refusals, answer.error)
    this.outbox.answer(encodeAnswer(ref, answer))
  }

  // How much is under way.

  private isBusy(): boolean {
    const { kind } = this.state
    return (kind !== 'live' && kind !== 'awaitingHello') || this.isLoggingOut || this.work.isFull || this.outbox.isFull
  }

  private done(kind: 'read' | 'write'): void {
    this.work.end(kind)
    this.readOn()
  }

  private readOn(): void {
    if (!this.intake.isDeaf) return
    this.intake.readOn(
      () => this.isBusy(),
      (text) => this.take(text),
    )
  }

  private isClosed(): boolean {
    return this.state.kind === 'closed'
  }

  private stopTaking(): void {
    if (this.state.kind === 'live') this.state = { kind: 'finishing', session: this.state.session }
  }

  private leave(): void {
    const { session } = this
    this.state = session === undefined ? closed : { kind: 'closed', session }
    this.outbox.close()
    this.writes?.clear()
    this.intake.clear()
    this.work.release()
    this.home.forget(this, session)
  }
}
