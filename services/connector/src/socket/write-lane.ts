import { answerOf } from '../answer.ts'
import type { Answer, CommandDraft, CommandOutcome } from '../ports.ts'
import type { WriteAdmission } from '../write-admission.ts'
import type { Caller } from './caller.ts'
import type { FrameServices, Prepared, WriteHandler } from './frames/handler.ts'
import type { HandledFrame } from './frames/index.ts'
import { targetOf } from './frames/target.ts'
import { HeldBack, type HeldWrite } from './held-back.ts'

export interface WriteLaneClient extends Caller {
  /** The outcome of one write. */
  written(ref: number, answer: Answer, outcome: CommandOutcome | undefined): void
  /** The world or a bug stood between the frame and its outcome. */
  writeFailed(ref: number, error: unknown): void
}

interface Queued {
  readonly frame: HandledFrame
  readonly handler: WriteHandler<HandledFrame>
}

/**
 * The writing frames of one connection: they reach the log in the order of arrival, many at a time. One that waits for a check
 * holds back those behind it; nobody waits for a reply. [G4]
 */
export class WriteLane {
  private readonly client: WriteLaneClient
  private readonly services: FrameServices
  private readonly admission: WriteAdmission
  private readonly queue: Queued[] = []
  private isChecking = false
  /** There while something is: most connections are never refused anything. */
  private heldBack: HeldBack | undefined

  constructor(client: WriteLaneClient, services: FrameServices, admission: WriteAdmission) {
    this.client = client
    this.services = services
    this.admission = admission
  }

  add(frame: HandledFrame, handler: WriteHandler<HandledFrame>): void {
    // [G4]
    if (this.isChecking) this.queue.push({ frame, handler })
    else this.check({ frame, handler })
  }

  /** What waits behind the one that is being checked will not be sent; that one still is. */
  clear(): void {
    this.queue.length = 0
  }

  private check({ frame, handler }: Queued) {
    const limited = this.limited(frame)
    if (limited !== undefined) return this.client.written(frame.ref, limited, undefined)
    let prepared: Prepared | Promise<Prepared>
    try {
      prepared = handler.prepare(frame, this.client, this.services)
    } catch (error) {
      return this.client.writeFailed(frame.ref, error)
    }
    if (!(prepared instanceof Promise)) return this.go(frame.ref, prepared)
    this.isChecking = true
    prepared
      .then(
        (checked) => this.go(frame.ref, checked),
        (error) => this.client.writeFailed(frame.ref, error),
      )
      .finally(() => this.next())
  }

  /** What comes too often is refused before anything is looked up, and keeps its place for when it comes again. */
  private limited(frame: HandledFrame): Answer | undefined {
    const conversation = targetOf(frame, this.client.identity.userId)
    const limited = this.services.rateLimiter.write(this.client, conversation)
    if (limited === undefined) return undefined
    const write = { conversation, clientMsgId: 'clientMsgId' in frame ? frame.clientMsgId : undefined }
    // [G4]
    if (this.heldBack?.refusal(write) === undefined) this.holdBack(write, limited)
    return limited
  }

  private next(): void {
    this.isChecking = false
    while (!this.isChecking) {
      const queued = this.queue.shift()
      if (queued === undefined) return
      this.check(queued)
    }
  }

  private go(ref: number, prepared: Prepared) {
    if (!('refusal' in prepared)) return this.submit(ref, prepared.draft)
    const { refusal, comesAgain } = prepared
    if (comesAgain === undefined) return this.client.written(ref, refusal, undefined)
    this.submit(ref, comesAgain, refusal)
  }

  /** `refusal`: what it is answered already, unless it must wait for one before it. */
  private submit(ref: number, draft: CommandDraft, refusal?: Answer) {
    const behind = this.heldBack?.refusal(draft)
    // [G4]
    if (behind !== undefined) return this.client.written(ref, behind, undefined)
    const submitted = refusal ?? this.admission.submit(draft)
    if (!(submitted instanceof Promise)) {
      this.holdBack(draft, submitted)
      return this.client.written(ref, submitted, undefined)
    }
    this.heldBack?.passed(draft)
    if (this.heldBack?.isEmpty) this.heldBack = undefined
    submitted.then(
      (outcome) => this.client.written(ref, answerOf(outcome), outcome),
      (error) => this.client.writeFailed(ref, error),
    )
  }

  private holdBack(write: HeldWrite, refusal: Answer): void {
    if (!('error' in refusal) || refusal.retryAfterMs === undefined) return
    this.heldBack ??= new HeldBack(this.services.clock)
    this.heldBack.add(write, refusal)
  }
}
