import type { Cancel, Clock, Logger } from '@chat/runtime'
import type { TcpEvents, TcpSocket } from './tcp-socket.ts'

/** From the first byte of a request to its end, ms. */
const requestMaxMs = 10_000
/** Requests that wait for those before them; with more the client is not read. */
const requestsWaitingMax = 64

/** Cuts what comes into requests. */
export interface Splitter<Request> {
  take(bytes: Buffer): readonly Request[]
  /** What came is none of this protocol: nothing behind it can be read. */
  readonly isBroken: boolean
  /** The beginning of a request is here, its end not yet. */
  readonly isInside: boolean
  /** Requests that are whole once nothing came for so long, ms; undefined: all are seen to end. */
  readonly quiet?: { readonly ms: number; readonly take: () => readonly Request[] }
}

interface RequestQueuePorts<Request> {
  readonly socket: TcpSocket
  readonly clock: Clock
  readonly logger: Logger
  readonly splitter: Splitter<Request>
  /** One at a time. Rejects for bugs only. */
  readonly perform: (request: Request) => Promise<void>
  /** Nothing more comes: called once, after all that came was performed, or once nobody is there to hear the answers. */
  readonly finish: () => Promise<void>
  /** The connection is broken off. */
  readonly onBroken: () => void
}

/** The requests of one TCP client, one after the other, until it ends its side, breaks a bound, goes, or this server stops. */
export class RequestQueue<Request> implements TcpEvents {
  private readonly ports: RequestQueuePorts<Request>
  private waiting: Request[] = []
  private isWorking = false
  private isPaused = false
  private ending = false
  private cancelRequest: Cancel | undefined
  private cancelQuiet: Cancel = () => {}

  constructor(ports: RequestQueuePorts<Request>) {
    this.ports = ports
  }

  /** Takes nothing more. */
  get isEnding(): boolean {
    return this.ending
  }

  onBytes(bytes: Buffer): void {
    if (this.ending) return
    const { splitter } = this.ports
    this.add(splitter.take(bytes))
    if (splitter.isBroken) this.end()
    else this.awaitQuiet()
  }

  /** What it asked before is still answered. */
  onEnd(): void {
    if (!this.ending) this.add(this.ports.splitter.quiet?.take() ?? [])
    this.end()
  }

  onGone(): void {
    this.ports.onBroken()
    this.end()
  }

  /** What waits is not performed any more. */
  stop(): void {
    this.waiting = []
    this.end()
  }

  /** Cuts the connection. */
  destroy(): void {
    this.waiting = []
    this.ports.onBroken()
    this.ports.socket.destroy()
    this.end()
  }

  private add(requests: readonly Request[]): void {
    const { splitter, clock, socket } = this.ports
    if (!splitter.isInside || requests.length > 0) {
      this.cancelRequest?.()
      this.cancelRequest = undefined
    }
    if (splitter.isInside) this.cancelRequest ??= clock.after(requestMaxMs, () => this.destroy())
    this.waiting.push(...requests)
    if (this.waiting.length > requestsWaitingMax && !this.isPaused) {
      this.isPaused = true
      socket.pause()
    }
    this.work()
  }

  private awaitQuiet(): void {
    const { splitter, clock } = this.ports
    this.cancelQuiet()
    const { quiet } = splitter
    if (quiet !== undefined && splitter.isInside) this.cancelQuiet = clock.after(quiet.ms, () => this.add(quiet.take()))
  }

  private end(): void {
    if (this.ending) return
    this.ending = true
    this.cancelRequest?.()
    this.cancelQuiet()
    this.work()
  }

  /** When it ends there is nothing left to do in the same step: what comes later starts it again. */
  private work(): void {
    if (this.isWorking) return
    this.isWorking = true
    this.workOff().catch((error) => {
      this.ports.logger.error({ err: error }, 'connection failed')
      this.ports.socket.destroy()
    })
  }

  private async workOff(): Promise<void> {
    for (;;) {
      const request = this.waiting.shift()
      if (request === undefined) break
      if (this.isPaused && this.waiting.length <= requestsWaitingMax / 2) {
        this.isPaused = false
        this.ports.socket.resume()
      }
      await this.ports.perform(request)
    }
    if (this.ending) await this.ports.finish()
    this.isWorking = false
  }
}
