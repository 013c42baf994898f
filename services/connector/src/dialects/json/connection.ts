import { type Cancel, withinMs } from '@chat/runtime'
import { logInOnLine, type Push, type Refused } from '../line.ts'
import { PacedWriter } from '../paced-writer.ts'
import type { TcpEvents, TcpSocket } from '../tcp-socket.ts'
import { decodeRequest, FrameSplitter, type JsonRequest } from './codec.ts'
import type { JsonPorts } from './json-ports.ts'
import { encodeMessage } from './messages.ts'
import { Session } from './session.ts'

/** People type at these clients; one that is not logged in for so long is closed, ms. */
const loginMaxMs = 15 * 60_000
/** From the first byte of an object to its end, ms. */
const requestMaxMs = 10_000
/** Requests that wait for those before them; with more the client is not read. */
const requestsWaitingMax = 64
/** What is queued for a client is still sent for so long when its connection ends or its user logs out, ms. */
const drainMaxMs = 2_000

/** One client of a JSON dialect: its requests one after the other, logged in or not. */
export class JsonConnection implements TcpEvents {
  private readonly socket: TcpSocket
  private readonly ports: JsonPorts
  private readonly writer: PacedWriter
  private readonly splitter = new FrameSplitter()
  private waiting: string[] = []
  private session: Session | undefined
  private isWorking = false
  private isPaused = false
  /** Takes nothing more. */
  private isEnding = false
  private cancelLogin: Cancel = () => {}
  private cancelRequest: Cancel | undefined

  constructor(socket: TcpSocket, ports: JsonPorts) {
    this.socket = socket
    this.ports = ports
    this.writer = new PacedWriter(socket, ports.clock, ports.pacingMs, () => this.destroy())
    this.awaitLogin()
  }

  onBytes(bytes: Buffer) {
    if (this.isEnding) return
    const requests = this.splitter.take(bytes)
    if (requests === undefined) return this.destroy()
    if (!this.splitter.isInside || requests.length > 0) {
      this.cancelRequest?.()
      this.cancelRequest = undefined
    }
    if (this.splitter.isInside) this.cancelRequest ??= this.ports.clock.after(requestMaxMs, () => this.destroy())
    this.waiting.push(...requests)
    if (this.waiting.length > requestsWaitingMax && !this.isPaused) {
      this.isPaused = true
      this.socket.pause()
    }
    this.work()
  }

  /** What it asked before is still answered. */
  onEnd(): void {
    this.end()
  }

  onGone(): void {
    this.writer.stop()
    this.end()
  }

  stop(): void {
    this.waiting = []
    this.end()
  }

  private destroy(): void {
    this.waiting = []
    this.writer.stop()
    this.socket.destroy()
    this.end()
  }

  private end(): void {
    if (this.isEnding) return
    this.isEnding = true
    this.cancelLogin()
    this.cancelRequest?.()
    this.work()
  }

  /** One request at a time. When it ends there is nothing left to do in the same step: what comes later starts it again. */
  private work(): void {
    if (this.isWorking) return
    this.isWorking = true
    this.workOff().catch((error) => {
      this.ports.logger.error({ err: error }, 'connection failed')
      this.socket.destroy()
    })
  }

  private async workOff(): Promise<void> {
    for (;;) {
      const request = this.waiting.shift()
      if (request === undefined) break
      if (this.isPaused && this.waiting.length <= requestsWaitingMax / 2) {
        this.isPaused = false
        this.socket.resume()
      }
      await this.take(request)
    }
    if (this.isEnding) await this.finish()
    this.isWorking = false
  }

  private async finish(): Promise<void> {
    await this.leave()
    await withinMs(this.ports.clock, drainMaxMs, this.writer.drained(), undefined)
    this.writer.stop()
    this.socket.end()
  }

  private async take(text: string): Promise<void> {
    const request = decodeRequest(this.ports.dialect, text)
    // It is no client of this protocol: nothing that it sends can be told from anything else.
    if (request === undefined) return this.destroy()
    await this.perform(request)
  }

  private async perform(request: JsonRequest): Promise<void> {
    switch (request.type) {
      case 'logIn':
        return this.logIn(request.id, request.password)
      case 'logOut':
        await this.leave()
        return this.awaitLogin()
      case 'register':
        return this.register(request.name, request.password)
      case 'invalid':
        return this.refuse(request.of)
      case 'unknown':
        return
      default:
        // Whoever is not logged in gets no answer: there is none in these protocols.
        await this.session?.perform(request)
    }
  }

  private refuse(of: Extract<JsonRequest, { type: 'invalid' }>['of']): void {
    if (of === 'logIn') this.answerRefused('badCredentials')
    else if (of === 'register') this.answerRegistration(undefined)
    else this.session?.tell('your request could not be read: nothing was done')
  }

  private async logIn(userId: number, password: string): Promise<void> {
    await this.leave()
    const early: Push[] = []
    let session: Session | undefined
    const events = {
      onPush: (push: Push) => (session === undefined ? void early.push(push) : session.hear(push)),
      onClosed: () => {
        if (session !== undefined && session === this.session) this.stop()
      },
    }
    const loggedIn = await logInOnLine(this.ports, { userId, password }, this.socket.remoteAddress, events)
    if (typeof loggedIn === 'string') {
      this.awaitLogin()
      return this.answerRefused(loggedIn)
    }
    this.cancelLogin()
    session = new Session(this.ports, loggedIn, this.writer, (error) => this.failed(error))
    this.session = session
    for (const push of early) session.hear(push)
    if (await session.begin()) return
    await this.leave()
    this.awaitLogin()
    this.answerRefused('notNow')
  }

  private async register(name: string, password: string): Promise<void> {
    const { api, dialect } = this.ports
    const answer = await api.dialects.register(dialect.name, { name, password }, this.socket.remoteAddress)
    this.answerRegistration('ok' in answer ? (answer.ok.user as { readonly id: number }).id : undefined)
  }

  private answerRegistration(id: number | undefined): void {
    const { registerAck: msgid } = this.ports.dialect.numbers
    this.writer.write(encodeMessage(id === undefined ? { msgid, errno: 1 } : { msgid, errno: 0, id }))
  }

  private answerRefused(refused: Refused): void {
    const { dialect } = this.ports
    const errno = refused === 'online' ? 2 : 1
    const errmsg = { ...reasons, online: dialect.isOnline, badCredentials: dialect.badCredentials }[refused]
    this.writer.write(encodeMessage({ msgid: dialect.numbers.logInAck, errno, errmsg }))
  }

  /** Logs out whoever is logged in; what was queued for him is sent to nobody else. */
  private async leave(): Promise<void> {
    const { session } = this
    if (session === undefined) return
    this.session = undefined
    session.stop()
    await withinMs(this.ports.clock, drainMaxMs, this.writer.drained(), undefined)
    await session.leave()
  }

  private awaitLogin(): void {
    this.cancelLogin()
    if (!this.isEnding) this.cancelLogin = this.ports.clock.after(loginMaxMs, () => this.stop())
  }

  private failed(error: unknown): void {
    this.ports.logger.error({ err: error }, 'connection failed')
    this.destroy()
  }
}

/** These protocols know two reasons; the others are said in our words. */
const reasons = {
  suspended: 'this account is suspended',
  notNow: 'not possible at the moment, try again',
} as const
