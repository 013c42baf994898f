import type { Recorder } from '../../faults/recorder.ts'
import type { Machine } from '../machine.ts'
import type { Cable, ClientLink, Network } from '../ports/network.ts'

export type Frame = Readonly<Record<string, unknown>>

/** The connection went before the answer came. */
class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/** An `error` frame. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly frame: Frame
  readonly code: string
  constructor(frame: Frame) {
    super(`${frame.code}: ${frame.message}`)
    this.frame = frame
    this.code = String(frame.code)
  }
  get isFinal(): boolean {
    return this.frame.retry === 'never'
  }
}

/** One connection of a device, from the dial to the close. */
export interface Session {
  readonly connection: number
  readonly cable: Cable
  readonly host: string
  isOpen(): boolean
  /** Rejects with Refused or ConnectionLost. */
  request(fields: Frame & { readonly op: string }): Promise<Frame>
  /** Its requests without an answer. */
  unanswered(): number
  close(code: number): void
}

/** No answer for so long: something between us and the server is dead, ms. More than the server's own 30 s. */
const answerPatienceMs = 45_000
/** PROTOCOL §2: nothing heard for `heartbeatMs` → `ping`; no `ok` within this, ms → reconnect. */
const pingPatienceMs = 10_000

interface SessionParts {
  readonly device: string
  readonly machine: Machine
  readonly network: Network
  readonly recorder: Recorder
  readonly nextRef: () => number
  readonly connection: number
  readonly onPush: (frame: Frame) => void
  readonly onClosed: (code: number) => void
}

/** What the history keeps of a request. */
const invokedOf = (fields: Frame) => {
  const to = fields.to as { readonly conversation?: string; readonly user?: number } | undefined
  const body = fields.body as { readonly text?: string } | undefined
  const textOf = (value: unknown) => (typeof value === 'string' ? value : null)
  return {
    op: String(fields.op),
    conversation: textOf(fields.conversation) ?? to?.conversation ?? textOf(fields.directed),
    clientMsgId: textOf(fields.clientMsgId),
    text: body?.text ?? null,
    after: textOf(fields.after),
    seq: typeof fields.seq === 'number' ? fields.seq : null,
  }
}

/** Dials `host`; resolves when it is open, rejects with ConnectionLost. */
export const openSession = (host: string, parts: SessionParts): Promise<Session> => {
  const { device, machine, network, recorder, connection } = parts
  const pending = new Map<number, { readonly op: string; readonly answer: PromiseWithResolvers<Frame> }>()
  const opening = Promise.withResolvers<Session>()
  let link: ClientLink | undefined
  let state: 'opening' | 'open' | 'closed' = 'opening'
  let lastHeardMs = machine.clock.monotonic()
  let heartbeatMs = Number.POSITIVE_INFINITY

  const closed = (code: number) => {
    if (state === 'closed') return
    const wasOpen = state === 'open'
    state = 'closed'
    const lost = [...pending.values()]
    pending.clear()
    for (const { answer } of lost) answer.reject(new ConnectionLost(`closed with ${code}`))
    opening.reject(new ConnectionLost(`closed with ${code}`))
    if (wasOpen) parts.onClosed(code)
  }
  const hangUp = (code: number) => {
    if (state === 'closed') return
    link?.close()
    closed(code)
  }

  const onAnswer = (ref: number, frame: Frame) => {
    const asked = pending.get(ref)
    const isError = frame.op === 'error'
    const refusal = isError ? new Refused(frame) : undefined
    recorder.record({
      ...{ what: 'answered', device, connection, ref, outcome: isError ? 'error' : 'ok' },
      code: refusal?.code ?? null,
      isFinal: refusal?.isFinal ?? false,
      conversation: typeof frame.conversation === 'string' ? frame.conversation : null,
      seq: typeof frame.seq === 'number' ? frame.seq : null,
      position: typeof frame.position === 'string' ? frame.position : null,
      isDuplicate: frame.duplicate === true,
    })
    pending.delete(ref)
    if (refusal !== undefined) asked?.answer.reject(refusal)
    else asked?.answer.resolve(frame)
  }

  const onFrame = (text: string) => {
    if (state === 'closed') return
    lastHeardMs = machine.clock.monotonic()
    const frame = JSON.parse(text) as Frame
    if (typeof frame.heartbeatMs === 'number') heartbeatMs = frame.heartbeatMs
    if ((frame.op === 'ok' || frame.op === 'error') && typeof frame.ref === 'number') onAnswer(frame.ref, frame)
    else parts.onPush(frame)
  }

  const request: Session['request'] = (fields) => {
    const answer = Promise.withResolvers<Frame>()
    answer.promise.catch(() => {}) // Whoever asked hears of it; that nobody listens to a cursor's fate is meant so.
    if (state !== 'open' || link === undefined) {
      answer.reject(new ConnectionLost('not open'))
      return answer.promise
    }
    const ref = parts.nextRef()
    const { directed: _, ...frame } = fields
    pending.set(ref, { op: fields.op, answer })
    recorder.record({ what: 'invoked', device, connection, ref, ...invokedOf(fields) })
    machine.clock.after(answerPatienceMs, () => {
      if (pending.has(ref)) hangUp(4000)
    })
    link.send(JSON.stringify({ ...frame, ref }))
    return answer.promise
  }

  const listen = () => {
    if (state === 'closed') return
    const quietMs = machine.clock.monotonic() - lastHeardMs
    if (quietMs < heartbeatMs) return void machine.clock.after(Math.min(5000, heartbeatMs - quietMs), listen)
    const askedMs = machine.clock.monotonic()
    void request({ op: 'ping' }).catch(() => {}) // Only whether anything was heard counts.
    machine.clock.after(pingPatienceMs, () => {
      if (lastHeardMs < askedMs) hangUp(4001)
      else listen()
    })
  }

  const cable = network.connect(machine, host, { onFrame, onClose: closed }, (opened) => {
    link = opened
    state = 'open'
    machine.clock.after(1000, listen)
    opening.resolve({
      ...{ connection, cable, host, request },
      isOpen: () => state === 'open',
      unanswered: () => pending.size,
      close: hangUp,
    })
  })
  return opening.promise
}
