/** What waits for what is before it; with more the client is not read. */
const waitingMax = 64

interface WorkQueuePorts<Work> {
  /** Whom the work comes from. */
  readonly source: { pause(): void; resume(): void }
  /** One at a time. Rejects for bugs only. */
  readonly perform: (work: Work) => Promise<void>
  /** Nothing more comes: called once, after all that came was performed. */
  readonly finish: () => Promise<void>
  readonly onFailed: (error: unknown) => void
}

/** What one client asks for, one after the other, until nothing more comes. */
export class WorkQueue<Work> {
  private readonly ports: WorkQueuePorts<Work>
  private waiting: Work[] = []
  private isWorking = false
  private isPaused = false
  private ending = false

  constructor(ports: WorkQueuePorts<Work>) {
    this.ports = ports
  }

  /** Nothing more comes. */
  get isEnding(): boolean {
    return this.ending
  }

  add(works: readonly Work[]): void {
    this.waiting.push(...works)
    if (this.waiting.length > waitingMax && !this.isPaused) {
      this.isPaused = true
      this.ports.source.pause()
    }
    this.work()
  }

  /** What waits is not performed any more. */
  drop(): void {
    this.waiting = []
  }

  /** Idempotent. */
  end(): void {
    if (this.ending) return
    this.ending = true
    this.work()
  }

  /** When it ends there is nothing left to do in the same step: what comes later starts it again. */
  private work(): void {
    if (this.isWorking) return
    this.isWorking = true
    this.workOff().catch(this.ports.onFailed)
  }

  private async workOff(): Promise<void> {
    for (;;) {
      const next = this.waiting.shift()
      if (next === undefined) break
      if (this.isPaused && this.waiting.length <= waitingMax / 2) {
        this.isPaused = false
        this.ports.source.resume()
      }
      await this.ports.perform(next)
    }
    if (this.ending) await this.ports.finish()
    this.isWorking = false
  }
}
