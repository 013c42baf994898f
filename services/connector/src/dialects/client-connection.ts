import { type Cancel, withinMs } from '@chat/runtime'
import type { SocketHandlers } from '../ports.ts'
import { type LinePorts, type LoggedIn, type LoginCredentials, logInOnLine, type Refused } from './line.ts'
import type { Numbers } from './old-numbers.ts'
import { type Opened, openSession } from './open-session.ts'
import { PacedWriter } from './paced-writer.ts'
import { RequestQueue, type Splitter } from './request-queue.ts'
import type { TcpEvents, TcpSocket } from './tcp-socket.ts'

/** People type at these clients; one that is not logged in for so long is closed, ms. */
const loginMaxMs = 15 * 60_000
/** What is queued for a client is still sent for so long when its connection ends or its user logs out, ms. */
const drainMaxMs = 2_000

/** Somebody who is logged in by an older protocol. */
export interface DialectSession extends Opened {
  /** Nothing more is shown. */
  stop(): void
  /** The user is free at once; resolves when his session has ended. */
  leave(): Promise<void>
}

/** What tells one older protocol from another. */
export interface Protocol<Request, Session extends DialectSession> {
  readonly splitter: Splitter<Request>
  /** Between two frames to one client, ms. */
  readonly pacingMs: number
  /** Rejects for bugs only. */
  readonly perform: (request: Request, client: Client<Session>) => Promise<void>
  /** `onFailed`: for bugs. */
  readonly openSession: (loggedIn: LoggedIn, writer: PacedWriter, onFailed: (error: unknown) => void) => Session
}

/** What a request acts on. */
export interface Client<Session extends DialectSession> {
  readonly remoteAddress: string
  readonly writer: PacedWriter
  /** undefined: nobody is logged in. */
  readonly session: Session | undefined
  /** Logs out whoever is logged in, then logs in; undefined: he is, and was answered. */
  logIn(credentials: LoginCredentials): Promise<Refused | undefined>
  /** Logs out whoever is logged in. */
  logOut(): Promise<void>
}

export interface ClientPorts extends LinePorts, Pick<SocketHandlers, 'api'> {
  readonly numbers: Numbers
}

/** One client of an older protocol over TCP: its requests one after the other, logged in or not. */
export class ClientConnection<Request, Session extends DialectSession> implements Client<Session>, TcpEvents {
  readonly remoteAddress: string
  readonly writer: PacedWriter
  private readonly ports: ClientPorts
  private readonly protocol: Protocol<Request, Session>
  private readonly socket: TcpSocket
  private readonly requests: RequestQueue<Request>
  private current: Session | undefined
  private cancelLogin: Cancel = () => {}

  constructor(socket: TcpSocket, ports: ClientPorts, protocol: Protocol<Request, Session>) {
    this.remoteAddress = socket.remoteAddress
    this.socket = socket
    this.ports = ports
    this.protocol = protocol
    this.writer = new PacedWriter(socket, ports.clock, protocol.pacingMs, () => this.requests.destroy())
    this.requests = new RequestQueue({
      ...{ socket, clock: ports.clock, logger: ports.logger, splitter: protocol.splitter },
      perform: (request) => protocol.perform(request, this),
      finish: () => this.finish(),
      onBroken: () => this.writer.stop(),
    })
    this.awaitLogin()
  }

  get session(): Session | undefined {
    return this.current
  }

  onBytes(bytes: Buffer): void {
    this.requests.onBytes(bytes)
  }

  onEnd(): void {
    this.requests.onEnd()
  }

  onGone(): void {
    this.requests.onGone()
  }

  stop(): void {
    this.requests.stop()
  }

  async logIn(credentials: LoginCredentials): Promise<Refused | undefined> {
    await this.leave()
    const session = await openSession({
      enter: (events) => logInOnLine(this.ports, credentials, this.remoteAddress, events),
      open: (loggedIn) => {
        this.cancelLogin()
        this.current = this.protocol.openSession(loggedIn, this.writer, (error) => this.failed(error))
        return this.current
      },
      onClosed: (closed) => {
        if (closed === this.current) this.stop()
      },
    })
    if (typeof session !== 'string') return undefined
    await this.logOut()
    return session
  }

  async logOut(): Promise<void> {
    await this.leave()
    this.awaitLogin()
  }

  private async finish(): Promise<void> {
    this.cancelLogin()
    await this.leave()
    await withinMs(this.ports.clock, drainMaxMs, this.writer.drained(), undefined)
    this.writer.stop()
    this.socket.end()
  }

  /** What was queued for whoever is logged in is sent to nobody else. */
  private async leave(): Promise<void> {
    const { current } = this
    if (current === undefined) return
    this.current = undefined
    current.stop()
    await withinMs(this.ports.clock, drainMaxMs, this.writer.drained(), undefined)
    this.writer.clear()
    await current.leave()
  }

  private awaitLogin(): void {
    this.cancelLogin()
    if (!this.requests.isEnding) this.cancelLogin = this.ports.clock.after(loginMaxMs, () => this.stop())
  }

  private failed(error: unknown): void {
    this.ports.logger.error({ err: error }, 'connection failed')
    this.requests.destroy()
  }
}
