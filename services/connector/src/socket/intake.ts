import type { Socket } from '../ports.ts'
import type { InTurn, Turns } from './turns.ts'

/** Frames that came before the peer noticed that we do not read, characters: what one read of the kernel's buffer can hold, and more. */
const keptCharsMax = 1024 * 1024

interface FrameTaker {
  /** No frame can be taken now. Once one may be, `readOn` is to be called. */
  isBusy(): boolean
  take(text: string): void
}

/**
 * Lets frames of one connection through in order, and stops reading the socket while there is more than enough to do: for this connection,
 * or for all of them in this turn of the event loop.
 */
export class Intake implements InTurn {
  private readonly socket: Socket
  private readonly taker: FrameTaker
  private readonly turns: Turns
  private kept: string[] | undefined
  private keptChars = 0
  private isPaused = false

  constructor(socket: Socket, taker: FrameTaker, turns: Turns) {
    this.socket = socket
    this.taker = taker
    this.turns = turns
  }

  /** The peer cannot be heard, because we do not listen. */
  get isDeaf(): boolean {
    return this.isPaused
  }

  /** Returns false when there is no room. */
  receive(text: string): boolean {
    if (this.kept !== undefined || !this.mayTake()) return this.keep(text)
    this.taker.take(text)
    return true
  }

  /** Hands out what was kept as long as it is taken, then reads the socket again. */
  readOn(): void {
    if (!this.isPaused) return
    while (this.kept !== undefined && this.mayTake()) {
      const text = this.kept.shift() ?? ''
      if (this.kept.length === 0) this.kept = undefined
      this.keptChars -= text.length
      this.taker.take(text)
    }
    if (!this.isPaused || this.kept !== undefined || this.taker.isBusy()) return
    this.isPaused = false
    this.socket.resume()
  }

  clear(): void {
    this.kept = undefined
    this.isPaused = false
    this.turns.forget(this)
  }

  private mayTake(): boolean {
    if (this.taker.isBusy()) return false
    if (this.turns.hasTime()) return true
    this.turns.wait(this)
    return false
  }

  private keep(text: string): boolean {
    this.kept ??= []
    this.kept.push(text)
    this.keptChars += text.length
    if (!this.isPaused) {
      this.isPaused = true
      this.socket.pause()
    }
    return this.keptChars <= keptCharsMax
  }
}
