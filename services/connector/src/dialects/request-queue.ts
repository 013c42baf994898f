import type { Cancel, Clock, Logger } from '@chat/runtime'
import type { TcpEvents, TcpSocket } from './tcp-socket.ts'
import { WorkQueue } from './work-queue.ts'

/** From the first byte of a request to its end, ms. */
const requestMaxMs = 10_000

/** Cuts what comes into requests. */
export interface Splitter<Request> {
  take(bytes: Buffer): readonly Request[]
  /** What came is none of this protocol: nothing behind it can be read. */
  readonly isBroken: boolean
  /** The beginning of a request is here, its end not yet. */
  readonly isInside: boolean
  /** Requests that are whole once nothing came for so long, ms; undefined: all are seen to end. */
  readonly quiet?: { readonly ms: number; readonly take: () => readonly Request[] } | undefined
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
  private readonly works: WorkQueue<Request>
  private cancelRequest: Cancel | undefined
  private cancelQuiet: Cancel = () => {}

  constructor(ports: RequestQueuePorts<Request>) {
    this.ports = ports
    const { socket, logger, perform, finish } = ports
    this.works = new WorkQueue({
      ...{ source: socket, perform, finish },
      onFailed: (error) => {
        logger.error({ err: error }, 'connection failed')
        socket.destroy()
      },
    })
  }

  /** Takes nothing more. */
  get isEnding(): boolean {
    return this.works.isEnding
  }

  onBytes(bytes: Buffer): void {
    if (this.isEnding) return
    const { splitter } = this.ports
    this.add(splitter.take(bytes))
    if (splitter.isBroken) this.end()
    else this.awaitQuiet()
  }

  /** What it asked before is still answered. */
  onEnd(): void {
    if (!this.isEnding) this.add(this.ports.splitter.quiet?.take() ?? [])
    this.end()
  }

  onGone(): void {
    this.ports.onBroken()
    this.end()
  }

  /** What waits is not performed any more. */
  stop(): void {
    this.works.drop()
    this.end()
  }

  /** Cuts the connection. */
  destroy(): void {
    this.works.drop()
    this.ports.onBroken()
    this.ports.socket.destroy()
    this.end()
  }

  private add(requests: readonly Request[]): void {
    const { splitter, clock } = this.ports
    if (!splitter.isInside || requests.length > 0) {
      this.cancelRequest?.()
      this.cancelRequest = undefined
    }
    if (splitter.isInside) this.cancelRequest ??= clock.after(requestMaxMs, () => this.destroy())
    this.works.add(requests)
  }

  private awaitQuiet(): void {
    const { splitter, clock } = this.ports
    this.cancelQuiet()
    const { quiet } = splitter
    if (quiet !== undefined && splitter.isInside) this.cancelQuiet = clock.after(quiet.ms, () => this.add(quiet.take()))
  }

  private end(): void {
    this.cancelRequest?.()
    this.cancelQuiet()
    this.works.end()
  }
}
