import type { Cancel } from '@chat/runtime'
import { closeCode } from '@chat/schemas/protocol'
import type { Answer, Socket, SocketEvents } from '../../ports.ts'
import { enterOnLine, type Push, type Refused } from '../line.ts'
import type { ActionPorts } from './action-ports.ts'
import { decodeRequest } from './codec.ts'
import { Session } from './session.ts'
import { Writer } from './writer.ts'

/** People type at these clients; one that is not logged in for so long is closed, ms. */
const loginMaxMs = 15 * 60_000
/** Requests that wait for those before them; with more the client is not read. */
const requestsWaitingMax = 64
/** The same device for every login of a user: so the newer connection puts out the older one, wherever it is. */
const actionDevice = 'ac710000-0000-4000-8000-000000000000'

/** One client of the dialect: its requests one after the other, logged in or not. */
export class ActionConnection implements SocketEvents {
  private readonly socket: Socket
  private readonly ports: ActionPorts
  private readonly writer: Writer
  private waiting: string[] = []
  private session: Session | undefined
  private isWorking = false
  private isPaused = false
  /** Takes nothing more. */
  private isEnding = false
  private cancelLogin: Cancel = () => {}

  constructor(socket: Socket, ports: ActionPorts) {
    this.socket = socket
    this.ports = ports
    this.writer = new Writer(socket, ports, () => this.close(closeCode.slowReader, 'this client reads too slowly'))
    this.awaitLogin()
  }

  onFrame(text: string): void {
    if (this.isEnding) return
    this.waiting.push(text)
    if (this.waiting.length > requestsWaitingMax && !this.isPaused) {
      this.isPaused = true
      this.socket.pause()
    }
    this.work()
  }

  onBinary(): void {
    this.close(closeCode.malformed, 'this protocol has no binary frames')
  }

  onPong(): void {}

  onClose(): void {
    this.writer.stop()
    this.end()
  }

  private close(...why: Parameters<Socket['close']>): void {
    this.waiting = []
    this.writer.stop()
    this.socket.close(...why)
    this.end()
  }

  private end(): void {
    if (this.isEnding) return
    this.isEnding = true
    this.cancelLogin()
    this.work()
  }

  /** One request at a time. When it ends there is nothing left to do in the same step: what comes later starts it again. */
  private work(): void {
    if (this.isWorking) return
    this.isWorking = true
    this.workOff().catch((error) => this.failed(error))
  }

  private async workOff(): Promise<void> {
    for (;;) {
      const request = this.waiting.shift()
      if (request === undefined) break
      if (this.isPaused && this.waiting.length <= requestsWaitingMax / 2) {
        this.isPaused = false
        this.socket.resume()
      }
      await this.perform(request)
      // A client that asks and does not read gets no further.
      await this.writer.flushed()
    }
    if (this.isEnding) await this.leave()
    this.isWorking = false
  }

  private async perform(text: string): Promise<void> {
    const request = decodeRequest(text)
    switch (request.type) {
      case 'logIn':
        return this.logIn(request.name, request.password)
      case 'invalid':
        return this.writer.refuse(400, request.why)
      default:
        if (this.session === undefined) this.writer.refuse(401, 'log in first')
        else await this.session.perform(request)
    }
  }

  private async logIn(name: string, password: string | undefined): Promise<void> {
    await this.leave()
    const early: Push[] = []
    let session: Session | undefined
    const events = {
      onPush: (push: Push) => (session === undefined ? void early.push(push) : session.hear(push)),
      onClosed: () => {
        if (session !== undefined && session === this.session)
          this.close(closeCode.goingAway, 'logged in elsewhere, or this server stops')
      },
    }
    const { remoteAddress } = this.socket
    const entry = { answer: await this.begin(name, password), device: actionDevice }
    const loggedIn = await enterOnLine(this.ports, entry, remoteAddress, events)
    if (typeof loggedIn === 'string') return this.refuse(name, loggedIn)
    this.cancelLogin()
    session = new Session(this.ports, loggedIn, this.writer, (error) => this.failed(error))
    this.session = session
    for (const push of early) session.hear(push)
    if (await session.begin()) return
    await this.leave()
    this.refuse(name, 'notNow')
  }

  private async begin(name: string, password: string | undefined): Promise<Answer> {
    const { api, isOpen } = this.ports
    const { remoteAddress } = this.socket
    if (password !== undefined) return api.logIn({ name, password, device: actionDevice }, remoteAddress)
    if (!isOpen) return { error: 'bad_credentials', message: 'a password is needed' }
    return api.dialects.logInOpen({ name, device: actionDevice }, remoteAddress)
  }

  /** The client asks for another name after a 401, and after nothing else. */
  private refuse(name: string, refused: Refused): void {
    this.awaitLogin()
    if (refused === 'notNow') this.writer.refuse(503, 'not possible at the moment, try again')
    else this.writer.refuse(401, `user ${name} is ${refused === 'suspended' ? 'suspended' : 'invalided'}`)
  }

  /** Logs out whoever is logged in. */
  private async leave(): Promise<void> {
    const { session } = this
    if (session === undefined) return
    this.session = undefined
    await session.leave()
  }

  private awaitLogin(): void {
    this.cancelLogin()
    if (this.isEnding) return
    this.cancelLogin = this.ports.clock.after(loginMaxMs, () => this.close(closeCode.helloMissing, 'nobody logged in'))
  }

  private failed(error: unknown): void {
    this.ports.logger.error({ err: error }, 'connection failed')
    this.close(closeCode.internal, 'internal')
  }
}
