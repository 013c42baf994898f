import type { Cancel } from '@chat/runtime'
import { closeCode } from '@chat/schemas/protocol'
import type { Answer, Socket, SocketEvents } from '../../ports.ts'
import { enterOnLine, type Refused } from '../line.ts'
import { openSession } from '../open-session.ts'
import { WorkQueue } from '../work-queue.ts'
import type { ActionPorts } from './action-ports.ts'
import { decodeRequest } from './codec.ts'
import { Session } from './session.ts'
import { Writer } from './writer.ts'

/** People type at these clients; one that is not logged in for so long is closed, ms. */
const loginMaxMs = 15 * 60_000
/** The same device for every login of a user: so the newer connection puts out the older one, wherever it is. */
const actionDevice = 'ac710000-0000-4000-8000-000000000000'

/** One client of the dialect: its requests one after the other, logged in or not. */
export class ActionConnection implements SocketEvents {
  private readonly socket: Socket
  private readonly ports: ActionPorts
  private readonly writer: Writer
  private readonly requests: WorkQueue<string>
  private session: Session | undefined
  private cancelLogin: Cancel = () => {}

  constructor(socket: Socket, ports: ActionPorts) {
    this.socket = socket
    this.ports = ports
    this.writer = new Writer(socket, ports, () => this.close(closeCode.slowReader, 'this client reads too slowly'))
    this.requests = new WorkQueue({
      source: socket,
      perform: async (text) => {
        await this.perform(text)
        // A client that asks and does not read gets no further.
        await this.writer.flushed()
      },
      finish: () => this.leave(),
      onFailed: (error) => this.failed(error),
    })
    this.awaitLogin()
  }

  onFrame(text: string): void {
    if (!this.requests.isEnding) this.requests.add([text])
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
    this.requests.drop()
    this.writer.stop()
    this.socket.close(...why)
    this.end()
  }

  private end(): void {
    this.cancelLogin()
    this.requests.end()
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
    const { remoteAddress } = this.socket
    const entry = { answer: await this.begin(name, password), device: actionDevice }
    const session = await openSession({
      enter: (events) => enterOnLine(this.ports, entry, remoteAddress, events),
      open: (loggedIn) => {
        this.cancelLogin()
        this.session = new Session(this.ports, loggedIn, this.writer, (error) => this.failed(error))
        return this.session
      },
      onClosed: (closed) => {
        if (closed === this.session) this.close(closeCode.goingAway, 'logged in elsewhere, or this server stops')
      },
    })
    if (typeof session !== 'string') return
    await this.leave()
    this.refuse(name, session)
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
    if (this.requests.isEnding) return
    this.cancelLogin = this.ports.clock.after(loginMaxMs, () => this.close(closeCode.helloMissing, 'nobody logged in'))
  }

  private failed(error: unknown): void {
    this.ports.logger.error({ err: error }, 'connection failed')
    this.close(closeCode.internal, 'internal')
  }
}
