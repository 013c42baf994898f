import { unansweredWritesMax } from '@chat/schemas/protocol'

/** Reads of one connection at work at once; then its socket is not read until one is answered. */
const readsAtOnceMax = 8

/** What a connection has under way: requests taken and not answered. */
export class Work {
  private reads = 0
  private writes = 0
  private onIdle: (() => void)[] | undefined

  get isFull(): boolean {
    return this.reads >= readsAtOnceMax || this.writes >= unansweredWritesMax
  }

  begin(kind: 'read' | 'write'): void {
    if (kind === 'read') this.reads++
    else this.writes++
  }

  end(kind: 'read' | 'write'): void {
    if (kind === 'read') this.reads--
    else this.writes--
    if (this.reads + this.writes === 0) this.release()
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    if (this.reads + this.writes === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.onIdle ??= []
      this.onIdle.push(resolve)
    })
  }

  /** Nobody waits any more, whatever is under way. */
  release(): void {
    for (const resolve of this.onIdle ?? []) resolve()
    this.onIdle = undefined
  }
}
