import { AssertionError, isFault } from '@chat/runtime'
import type { Kick } from '@chat/schemas'
import { type CloseCode, closeCode, type HelloFrame, type RequestFrame, type SyncFrame } from '@chat/schemas/protocol'
import { answerOfFault, encodeAnswer, ok, refused } from '../answer.ts'
import type { PushedEvent } from '../deliveries/pushed-event.ts'
import type { Answer, CommandOutcome, Identity, Socket, SocketEvents } from '../ports.ts'
import { count } from '../stats.ts'
import type { ConnectionHome } from './connection-home.ts'
import type { ConnectionServices, Session } from './connection-services.ts'
import { awaitingHello, type ConnectionState, closed, openingSession } from './connection-state.ts'
import { type FrameText, readFrameText } from './frame-text.ts'
import { answerRead } from './frames/answer-read.ts'
import type { EffectHandler, ReadHandler } from './frames/handler.ts'
import { type HandledFrame, handlerOf } from './frames/index.ts'
import { endsOwn } from './frames/session-end.ts'
import { syncQueryOf } from './frames/sync-query.ts'
import { claimOf, helloOf, isNewer, isOrdered, newerOf, type OrderedSession } from './hello-order.ts'
import { Intake } from './intake.ts'
import { Outbox } from './outbox.ts'
import { PushStream } from './push-stream.ts'
import { register } from './registration.ts'
import { admittedOf, welcomeOf } from './welcome.ts'
import { Work } from './work.ts'
import { WriteLane, type WriteLaneClient } from './write-lane.ts'

/** One client connection, from the first frame to the close. A class, so that 20,000 idle ones share their functions. PROTOCOL §2, §5. */
export class Connection implements SocketEvents, WriteLaneClient {
  /** Monotonic ms, kept for the registry's tick. */
  readonly openedMs: number
  lastHeardMs: number
  nextPingMs: number
  readonly outbox: Outbox
  private state: ConnectionState = awaitingHello
  private readonly socket: Socket
  private readonly services: ConnectionServices
  private readonly home: ConnectionHome<Connection>
  private readonly intake: Intake
  private readonly pushes: PushStream
  private writes: WriteLane | undefined
  private readonly work = new Work()
  private cursorsUnanswered = 0
  private isLoggingOut = false
  /** A hello elsewhere that came before presence had given ours its number. */
  private crossed: Kick | undefined
  private telling: Promise<void> | undefined

  constructor(socket: Socket, services: ConnectionServices, home: ConnectionHome<Connection>, nextPingMs: number) {
    this.socket = socket
    this.services = services
    this.home = home
    this.intake = new Intake(socket, this, services.turns)
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

  get connection(): string | undefined {
    return this.session?.connection
  }

  get remoteAddress(): string {
    return this.socket.remoteAddress
  }

  async othersTold(): Promise<void> {
    await this.telling
  }

  // From the socket.

  onFrame(text: string) {
    this.services.stats.framesReceived++
    this.lastHeardMs = this.home.nowMs
    if (this.state.kind === 'closed' || this.state.kind === 'finishing') return
    if (!this.intake.receive(text)) this.close(closeCode.unavailable, 'too many frames at once')
  }

  onBinary(): void {
    this.close(closeCode.malformed, 'chat.v1 has no binary frames')
  }

  onPong(): void {
    this.lastHeardMs = this.home.nowMs
  }

  onClose(_code: number): void {
    if (!this.isGone()) this.leave()
  }

  // From the connector.

  ping(): void {
    this.socket.ping()
  }

  push(event: PushedEvent) {
    this.pushes.push(event)
  }

  tell(frame: Buffer): void {
    if (this.state.kind === 'live') this.outbox.push(frame)
  }

  resync(): void {
    if (this.state.kind === 'live') this.outbox.resync()
  }

  /** The queue to the client drained. */
  drained(): void {
    this.intake.readOn()
  }

  /** The session ended, here or elsewhere. */
  sessionEnded(): void {
    if (!this.isLoggingOut) this.close(closeCode.sessionEnded, 'the session ended')
  }

  /** The device said hello elsewhere. Returns ours when it was later, so that the other side can be told. */
  saidHelloElsewhere(kick: Kick): OrderedSession | undefined {
    const { session } = this
    if (session === undefined) return undefined
    if (!isOrdered(session)) this.crossed = newerOf(this.crossed, kick)
    else if (!isNewer(kick, session)) return session
    else void this.replaced()
    return undefined
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
    if (this.state.kind === 'finishing') await this.work.idle() // [G12]
    this.close(code, reason)
  }

  close(code: CloseCode, reason: string) {
    if (this.isGone()) return
    this.leave()
    count(this.services.stats.closes, code)
    this.socket.close(code, reason)
  }

  // Frames.

  /** A bug in what it leads to ends this connection and no other, whoever calls: what was kept is not taken below the socket that brought it. */
  take(text: string) {
    try {
      this.handle(readFrameText(text, this.isAwaitingHello))
    } catch (error) {
      this.services.logger.error({ err: error }, 'connection failed')
      this.close(closeCode.internal, 'internal')
    }
  }

  private handle(read: FrameText) {
    if ('frame' in read) return this.dispatch(read.frame)
    if (!('close' in read)) return this.answer(read.ref, read.refusal)
    if (read.refusal !== undefined) this.answer(read.refusal.ref, read.refusal.answer)
    this.close(read.close, read.reason)
  }

  private dispatch(frame: RequestFrame) {
    if (frame.op === 'hello') return this.hello(frame)
    if (frame.op === 'logout' || endsOwn(frame, this.identity.sessionId)) return void this.logOut(frame.ref)
    const handler = handlerOf(frame)
    const limited = handler.kind === 'write' ? undefined : this.services.rateLimiter[handler.kind](this)
    if (limited !== undefined) return this.answer(frame.ref, limited)
    if (frame.op === 'sync') return void this.sync(frame)
    if (handler.kind === 'write') {
      this.work.begin('write')
      this.writes ??= new WriteLane(this, this.services, this.services.writeAdmission)
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
      const { seen } = this.pushes
      this.answer(frame.ref, await answerRead(frame, handler, this, this.services, (reached) => seen.passed(reached)))
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
    const limited = this.services.rateLimiter.request(this.remoteAddress)
    if (limited !== undefined) return this.refuse(frame.ref, limited, closeCode.unavailable, 'too many of this address')
    this.state = { kind: 'authenticating' }
    const opened = this.services.helloGate.enter(() => this.open(frame))
    if (!(opened instanceof Promise))
      return this.refuse(frame.ref, opened, closeCode.unavailable, 'too many connect at once')
    opened.catch((error) => {
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
    const hello = { device: frame.device, connection: this.home.newConnectionId(), at: clock.now() }
    const session = openingSession(identity, hello, this.socket.isExclusive === true)
    this.state = { kind: 'opening', session }
    const release = this.pushes.holdBack()
    this.home.admit(this, session)
    await this.begin(frame, session)
    release()
    this.intake.readOn()
  }

  /** The order of the steps is what closes the login race: registered, and acknowledged, before the watermark is asked for. [G1] */
  private async begin(frame: HelloFrame, opening: Session): Promise<void> {
    const { kicks, directory, logins, largeGroups } = this.services
    const { userId } = opening.identity
    const start = frame.sync ?? this.pushes.startHere()
    const [user, order] = await Promise.all([directory.user(userId), register(userId, this.services), start]) // [G1]
    if (this.isGone()) return
    const session = { ...opening, order }
    this.state = { kind: 'opening', session }
    if (this.crossed !== undefined && isNewer(this.crossed, session)) return void this.replaced()
    const admitted = admittedOf(user, this.services)
    if ('refusal' in admitted) return this.refuse(frame.ref, ...admitted.refusal)
    const login = await logins.claim(claimOf(session))
    if (this.isGone()) return logins.release(claimOf(session))
    if (login === 'refused')
      return this.refuse(frame.ref, refused('already_online'), closeCode.replaced, 'online elsewhere')
    this.telling = kicks.announce(helloOf(session)).finally(() => {
      this.telling = undefined
    })
    const welcome = (page: object | undefined) => {
      if (this.state.kind !== 'opening') return
      this.state = { kind: 'live', session }
      this.answer(frame.ref, ok(welcomeOf(this.services, admitted.user, session, page)))
      this.home.welcomed(this)
    }
    if (frame.sync === undefined) return welcome(undefined)
    await this.pushes.catchUp(syncQueryOf(userId, { token: frame.sync }), welcome)
    await this.pushes.heldUntil(largeGroups.settled(userId))
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
      if (this.isGone()) return
      const answer = await this.services.endSession(this.identity)
      this.answer(ref, answer)
      if ('ok' in answer) return this.close(closeCode.sessionEnded, 'logged out')
    } catch (error) {
      this.failed(ref, error)
    }
    this.isLoggingOut = false
    this.intake.readOn()
  }

  // Answers.

  written(ref: number, answer: Answer, outcome: CommandOutcome | undefined) {
    if (outcome !== undefined && outcome.outcome !== 'rejected') this.pushes.seen.note(outcome.partition, outcome.pos)
    this.answer(ref, answer)
    this.done('write')
  }

  /** What was pipelined behind a write of unknown outcome must not overtake it: the client resends all of it in order. [G4] */
  writeFailed(ref: number, error: unknown) {
    // [G4]
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

  isBusy(): boolean {
    const { kind } = this.state
    return (kind !== 'live' && kind !== 'awaitingHello') || this.isLoggingOut || this.work.isFull || this.outbox.isFull
  }

  private done(kind: 'read' | 'write'): void {
    this.work.end(kind)
    this.intake.readOn()
  }

  isGone(): boolean {
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
    // Whoever holds the device next starts from what is written.
    if (this.cursorsUnanswered > 0) void this.services.receipts.flush()
    this.home.forget(this, session)
  }
}
