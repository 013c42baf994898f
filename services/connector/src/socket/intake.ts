import type { Socket } from '../ports.ts'

/** Frames that came before the peer noticed that we do not read, characters: what one read of the kernel's buffer can hold, and more. */
const keptCharsMax = 1024 * 1024

/** Lets frames of one connection through in order, and stops reading the socket while there is more than enough to do. */
export class Intake {
  private readonly socket: Socket
  private kept: string[] | undefined
  private keptChars = 0
  private isPaused = false

  constructor(socket: Socket) {
    this.socket = socket
  }

  /** The peer cannot be heard, because we do not listen. */
  get isDeaf(): boolean {
    return this.isPaused
  }

  get hasKept(): boolean {
    return this.kept !== undefined
  }

  /** Returns false when there is no room. */
  keep(text: string): boolean {
    this.kept ??= []
    this.kept.push(text)
    this.keptChars += text.length
    if (!this.isPaused) {
      this.isPaused = true
      this.socket.pause()
    }
    return this.keptChars <= keptCharsMax
  }

  /** Hands out what was kept while `isBusy` says no, then reads the socket again. */
  readOn(isBusy: () => boolean, take: (text: string) => void): void {
    if (!this.isPaused) return
    while (this.kept !== undefined && !isBusy()) {
      const text = this.kept.shift() ?? ''
      if (this.kept.length === 0) this.kept = undefined
      this.keptChars -= text.length
      take(text)
    }
    if (!this.isPaused || this.kept !== undefined || isBusy()) return
    this.isPaused = false
    this.socket.resume()
  }

  clear(): void {
    this.kept = undefined
    this.isPaused = false
  }
}
