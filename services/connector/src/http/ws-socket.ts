import type { Socket as NetSocket } from 'node:net'
import type { Logger } from '@chat/runtime'
import { type CloseCode, closeCode } from '@chat/schemas/protocol'
import type { WebSocket } from '@fastify/websocket'
import type { Socket, SocketEvents } from '../ports.ts'
import type { FrameWriter } from './frame-writer.ts'

/** What all connections of a server use. */
export interface Shared {
  readonly writer: FrameWriter
  readonly logger: Logger
}

/**
 * The port `Socket` over `ws`. A class, and listeners that find it through `this`, because there are thousands of idle ones: a
 * closure per listener and connection would cost more than the object itself.
 */
export class WsSocket implements Socket {
  readonly remoteAddress: string
  readonly #ws: Owned
  readonly #net: NetSocket
  readonly #shared: Shared
  #events: SocketEvents | undefined

  constructor(ws: WebSocket, net: NetSocket, remoteAddress: string, shared: Shared) {
    this.remoteAddress = remoteAddress
    this.#ws = ws
    this.#net = net
    this.#shared = shared
    this.#ws[owner] = this
  }

  /** From now on `accept`'s answer hears what the peer does. A throw of it ends this connection and no other. */
  listen(accept: (socket: Socket) => SocketEvents): void {
    this.#guard(() => {
      this.#events = accept(this)
    })
    this.#ws.on('message', onMessage).on('pong', onPong).on('close', onClose).on('error', onError)
  }

  send(frame: string | Buffer): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#shared.writer.write(this.#net, frame)
  }

  ping(): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
  }

  close(code: CloseCode, reason: string): void {
    // One that was paused would never see the peer's close frame.
    this.#ws.resume()
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#ws.terminate()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  bufferedBytes(): number {
    return this.#net.writableLength
  }

  message(data: unknown, isBinary: boolean): void {
    this.#guard(() => (isBinary ? this.#events?.onBinary() : this.#events?.onFrame(String(data))))
  }

  pong(): void {
    this.#guard(() => this.#events?.onPong())
  }

  closed(code: number): void {
    this.#guard(() => this.#events?.onClose(code))
    this.#events = undefined
  }

  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#shared.logger.error({ err: error }, 'connection failed')
      this.close(closeCode.internal, 'internal')
    }
  }
}

const owner = Symbol('owner')
type Owned = WebSocket & { [owner]?: WsSocket }

function onMessage(this: Owned, data: unknown, isBinary: boolean): void {
  this[owner]?.message(data, isBinary)
}

function onPong(this: Owned): void {
  this[owner]?.pong()
}

function onClose(this: Owned, code: number): void {
  this[owner]?.closed(code)
}

/** A frame too big, malformed or not UTF-8, or a broken line: `ws` closes with the right code, and `close` follows. */
function onError(): void {}
