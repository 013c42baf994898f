import { randomInt } from 'node:crypto'
import { type Account, connectLoadSockets, type LoadSocket } from '@chat/testkit'
import { type Summary, summarise } from './percentiles.ts'

/** Random 1:1 messages at a fixed rate: an open loop, so a slow server does not slow the load down. */
export interface DirectOptions {
  /** Base URLs of the connectors; accounts are spread over them in turn. */
  readonly urls: readonly string[]
  readonly accounts: readonly Account[]
  /** Messages a second offered. */
  readonly rate: number
  readonly seconds: number
  /** Load before it that is not measured: caches fill, code is compiled. Nothing of it may be lost either. */
  readonly warmUpSeconds: number
  readonly textBytes: number
  /** How many random pairs talk. */
  readonly pairs: number
  /** Called when the load begins, after the warm-up, and when the last answer is in. */
  readonly onPhase: (phase: 'begin' | 'end') => void
}

export interface DirectResult {
  readonly offered: number
  readonly offeredPerSecond: number
  readonly acknowledgedPerSecond: number
  readonly acknowledgementMs: Summary
  readonly receiptMs: Summary
  readonly unanswered: number
  readonly refused: Readonly<Record<string, number>>
  /** While it warmed up: processes that have just started refuse what they cannot take yet. */
  readonly refusedBefore: number
  readonly lost: number
  readonly doubled: number
  readonly reordered: number
}

/** Every message offered was acknowledged and received once, in order: anything else is no result to compare. */
export const isSound = ({ unanswered, refused, lost, doubled, reordered }: DirectResult): boolean =>
  [unanswered, lost, doubled, reordered, ...Object.values(refused)].every((count) => count === 0)

interface Tally {
  /** What was sent before it warmed the system up. */
  readonly measuredFrom: number
  readonly scheduledMs: Float64Array
  readonly acknowledgedMs: Float64Array
  readonly receivedMs: Float64Array
  readonly receipts: Uint8Array
  readonly refused: Map<string, number>
  refusedBefore: number
  answers: number
  doubled: number
  reordered: number
}

/** How long the last answers may take, ms. */
const drainMs = 10_000

export const runDirect = async (options: DirectOptions): Promise<DirectResult> => {
  const clients = await connectLoadSockets(options.urls, options.accounts)
  const warmUpCount = options.rate * options.warmUpSeconds
  const total = warmUpCount + options.rate * options.seconds
  const tally = createTally(total, warmUpCount)
  const lastSeqs = clients.map(() => new Map<string, number>())
  for (const [index, client] of clients.entries())
    client.socket.on('message', (data) => onFrame(String(data), client, lastSeqs[index] ?? new Map(), tally))

  const pairs = Array.from({ length: options.pairs }, () => randomPair(clients))
  const startMs = performance.now()
  let isMeasured = false
  for (let sent = 0; sent < total; ) {
    // Message n is due at n / rate: the one of this moment as well.
    const due = Math.min(total, Math.floor(((performance.now() - startMs) * options.rate) / 1000) + 1)
    for (; sent < due; sent++) {
      if (sent >= warmUpCount && !isMeasured) {
        isMeasured = true
        options.onPhase('begin')
      }
      const [from, to] = pairs[randomInt(pairs.length)] ?? randomPair(clients)
      tally.scheduledMs[sent] = startMs + (sent * 1000) / options.rate
      from.socket.send(sendFrame(sent, to.account.userId, options.textBytes))
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await drained(tally, total)
  options.onPhase('end')
  for (const { socket } of clients) socket.terminate()
  return report(tally, total, options)
}

const createTally = (total: number, measuredFrom: number): Tally => ({
  measuredFrom,
  scheduledMs: new Float64Array(total),
  acknowledgedMs: new Float64Array(total),
  receivedMs: new Float64Array(total),
  receipts: new Uint8Array(total),
  refused: new Map(),
  refusedBefore: 0,
  answers: 0,
  doubled: 0,
  reordered: 0,
})

const randomPair = (clients: readonly LoadSocket[]): readonly [LoadSocket, LoadSocket] => {
  const from = randomInt(clients.length)
  const to = (from + 1 + randomInt(clients.length - 1)) % clients.length
  const [a, b] = [clients[from], clients[to]]
  if (a === undefined || b === undefined) throw new Error('a pair needs two clients')
  return [a, b]
}

const sendFrame = (ref: number, user: number, textBytes: number): string =>
  JSON.stringify({
    op: 'send',
    ref,
    to: { user },
    clientMsgId: uuidV7(),
    body: { kind: 'text', text: `${ref} `.padEnd(textBytes, 'x') },
  })

export const uuidV7 = (): string => {
  const time = Date.now().toString(16).padStart(12, '0')
  const random = crypto.randomUUID()
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`
}

interface ServerFrame {
  readonly op: string
  readonly ref?: number
  readonly code?: string
  readonly conversation: string
  readonly seq: number
  readonly actor: number
  readonly data: { readonly body?: { readonly text: string } }
}

const onFrame = (text: string, client: LoadSocket, lastSeqs: Map<string, number>, tally: Tally): void => {
  const frame = JSON.parse(text) as ServerFrame
  const now = performance.now()
  if (frame.op === 'event') onEvent(frame, now, client, lastSeqs, tally)
  if (frame.ref === undefined || frame.ref < 0) return
  tally.answers++
  if (frame.op === 'ok') tally.acknowledgedMs[frame.ref] = now
  else if (frame.ref < tally.measuredFrom) tally.refusedBefore++
  else tally.refused.set(frame.code ?? frame.op, (tally.refused.get(frame.code ?? frame.op) ?? 0) + 1)
}

const onEvent = (
  frame: ServerFrame,
  now: number,
  client: LoadSocket,
  lastSeqs: Map<string, number>,
  tally: Tally,
): void => {
  const last = lastSeqs.get(frame.conversation) ?? 0
  if (frame.seq !== last + 1) {
    if (frame.seq <= last) tally.doubled++
    else tally.reordered++
  }
  lastSeqs.set(frame.conversation, Math.max(last, frame.seq))
  if (frame.actor === client.account.userId || frame.data.body === undefined) return
  const index = Number.parseInt(frame.data.body.text, 10)
  tally.receivedMs[index] = now
  tally.receipts[index] = (tally.receipts[index] ?? 0) + 1
}

const drained = async (tally: Tally, total: number): Promise<void> => {
  const untilMs = performance.now() + drainMs
  const isDone = () =>
    tally.answers >= total && tally.receipts.every((count, i) => count > 0 || tally.acknowledgedMs[i] === 0)
  while (!isDone() && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 50))
}

const report = (tally: Tally, total: number, options: DirectOptions): DirectResult => {
  const from = tally.measuredFrom
  const acknowledgements: number[] = []
  const receipts: number[] = []
  let lost = 0
  let doubled = tally.doubled
  let lastAckMs = 0
  for (let i = 0; i < total; i++) {
    const scheduled = tally.scheduledMs[i] ?? 0
    const acknowledged = tally.acknowledgedMs[i] ?? 0
    const received = tally.receivedMs[i] ?? 0
    if (acknowledged > 0 && received === 0) lost++
    if ((tally.receipts[i] ?? 0) > 1) doubled++
    if (i < from) continue
    if (acknowledged > 0) acknowledgements.push(acknowledged - scheduled)
    if (received > 0) receipts.push(received - scheduled)
    lastAckMs = Math.max(lastAckMs, acknowledged)
  }
  const spanSeconds = (lastAckMs - (tally.scheduledMs[from] ?? 0)) / 1000
  return {
    offered: total - from,
    offeredPerSecond: options.rate,
    acknowledgedPerSecond: Math.round(acknowledgements.length / Math.max(spanSeconds, options.seconds)),
    acknowledgementMs: summarise(acknowledgements),
    receiptMs: summarise(receipts),
    unanswered: total - tally.answers,
    refused: Object.fromEntries(tally.refused),
    refusedBefore: tally.refusedBefore,
    lost,
    doubled,
    reordered: tally.reordered,
  }
}
