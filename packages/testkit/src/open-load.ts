import { constants, setPriority } from 'node:os'
import { type Random, uuidV7 } from '@chat/runtime'
import type { Account } from './http.ts'
import { connectLoadSockets, type LoadSocket } from './load-sockets.ts'

/**
 * Messages between two at a rate that answers do not slow down, by clients that do what the protocol says: what was refused for now is
 * kept and sent again under its id once its time is over, in order, and nothing new goes to its conversation before. A try that is sent
 * again counts as offered like a first one. Sends do not name the one before (`after`): their order is the server's alone to keep.
 *
 * Each connector is offered as much, new messages and those that come again together. With one count for all, a connector that refuses more
 * than another is sent more of what comes again, and the other one less than it could do: people do not stop because others must repeat.
 */
export interface OpenLoad {
  /** Offers `perSecond` tries for so long. Answers count for the phase in which they come. */
  run(perSecond: number, seconds: number): Promise<LoadPhase>
  /** Offers nothing new until everything is answered and received, at most for `withinMs`; what happened in all. */
  settle(perSecond: number, withinMs: number): Promise<LoadVerdict>
  close(): void
}

export interface LoadPhase {
  readonly seconds: number
  readonly offered: number
  readonly resent: number
  /** Tries for which no conversation was found that was not held back. */
  readonly keptBack: number
  /** From when a try was due, ms. */
  readonly acceptedMs: readonly number[]
  readonly refusedMs: readonly number[]
  /** Of the same tries, from when they went out, ms. */
  readonly acceptedAnswerMs: readonly number[]
  readonly refusedAnswerMs: readonly number[]
  /** How late tries went out, ms: what the generator itself adds. */
  readonly lateMs: readonly number[]
  /** The same, by the second in which answers came. */
  readonly bySecond: readonly { readonly acceptedMs: readonly number[]; readonly refused: number }[]
}

export interface LoadVerdict {
  readonly messages: number
  readonly acknowledged: number
  /** Neither accepted nor refused for good. */
  readonly unanswered: number
  readonly refusedForGood: Readonly<Record<string, number>>
  /** Acknowledged and never received. */
  readonly lost: number
  readonly doubled: number
  readonly reordered: number
  /** Codes of connections that the server closed. */
  readonly closes: readonly number[]
}

interface OpenLoadOptions {
  /** Base URLs of connectors; accounts are spread over them in turn. */
  readonly urls: readonly string[]
  readonly accounts: readonly Account[]
  /** Random pairs of them that talk, each in one direction; at most all there are. */
  readonly pairs: number
  readonly textBytes: number
  readonly random: Random
}

interface Message {
  readonly index: number
  readonly pair: Pair
  readonly clientMsgId: string
  dueMs: number
  sentMs: number
}

interface Pair {
  readonly number: number
  readonly from: Client
  readonly toUser: number
  /** Refused for now, in order. */
  readonly refused: Message[]
  inFlight: number
  heldUntilMs: number
  lastReceived: number
}

/** What the clients of one connector have to offer. */
interface Offering {
  readonly pairs: readonly Pair[]
  readonly held: HeldPairs
}

interface Client extends LoadSocket {
  /** Index in `urls`. */
  readonly connector: number
  readonly lastSeqs: Map<string, number>
}

interface Frame {
  readonly op: string
  readonly ref?: number
  readonly code?: string
  readonly retry?: string
  readonly retryAfterMs?: number
  readonly conversation: string
  readonly seq: number
  readonly actor: number
  readonly data: { readonly body?: { readonly text: string } }
}

const messagesMax = 4_000_000
/** How many random pairs are looked at before a try is given up. */
const looksMax = 10
const retryDefaultMs = 1000

export const createOpenLoad = async (options: OpenLoadOptions): Promise<OpenLoad> => {
  goFirst()
  const sockets = await connectLoadSockets(options.urls, options.accounts)
  const clients = sockets.map(
    (socket, index): Client => ({ ...socket, connector: index % options.urls.length, lastSeqs: new Map() }),
  )
  const pairs = randomPairs(clients, options)
  const padding = 'x'.repeat(options.textBytes)
  const pairOf = new Int32Array(messagesMax)
  const isAcknowledged = new Uint8Array(messagesMax)
  const receipts = new Uint8Array(messagesMax)
  const underWay = new Map<number, Message>()
  const offerings = options.urls.map(
    (_, connector): Offering => ({
      pairs: pairs.filter(({ from }) => from.connector === connector),
      held: createHeldPairs(),
    }),
  )
  const totals = { doubled: 0, reordered: 0, refusedForGood: {} as Record<string, number>, closes: [] as number[] }
  let messages = 0
  let acknowledged = 0
  /** Acknowledged and not received yet. */
  let awaited = 0
  let phase = createPhase()

  const transmit = (message: Message, dueMs: number) => {
    const { index, clientMsgId, pair } = message
    message.dueMs = dueMs
    message.sentMs = performance.now()
    pair.inFlight++
    phase.offered++
    phase.lateMs.push(message.sentMs - dueMs)
    const text = `${index} ${padding}`.slice(0, options.textBytes)
    pair.from.socket.send(
      `{"op":"send","ref":${index},"to":{"user":${pair.toUser}},"clientMsgId":"${clientMsgId}","body":{"kind":"text","text":"${text}"}}`,
    )
  }

  const sendNew = (among: readonly Pair[], dueMs: number) => {
    for (let look = 0; look < looksMax; look++) {
      const pair = among[Math.floor(options.random.fraction() * among.length)]
      if (pair === undefined || pair.refused.length > 0) continue
      const message = { index: messages++, pair, clientMsgId: uuidV7(Date.now(), options.random), dueMs, sentMs: dueMs }
      underWay.set(message.index, message)
      pairOf[message.index] = pair.number
      return transmit(message, dueMs)
    }
    phase.keptBack++
  }

  const offer = (offering: Offering | undefined, dueMs: number, withNew: boolean) => {
    const pair = offering?.held.next(performance.now())
    const [message] = pair?.refused ?? []
    if (pair === undefined || message === undefined) return withNew ? sendNew(offering?.pairs ?? [], dueMs) : undefined
    pair.refused.shift()
    phase.resent++
    transmit(message, dueMs)
  }

  const onAnswer = (frame: Frame, message: Message, nowMs: number) => {
    const { pair, index } = message
    pair.inFlight--
    if (frame.op === 'error' && frame.retry === 'later') {
      phase.refuse(nowMs, message)
      const behind = pair.refused.findIndex((other) => other.index > index)
      pair.refused.splice(behind === -1 ? pair.refused.length : behind, 0, message)
      pair.heldUntilMs = Math.max(pair.heldUntilMs, nowMs + (frame.retryAfterMs ?? retryDefaultMs))
    } else {
      underWay.delete(index)
      if (frame.op === 'ok') {
        phase.accept(nowMs, message)
        isAcknowledged[index] = 1
        acknowledged++
        if (receipts[index] === 0) awaited++
      } else totals.refusedForGood[frame.code ?? ''] = (totals.refusedForGood[frame.code ?? ''] ?? 0) + 1
    }
    // A message goes again only when nothing of its pair is under way: nothing can overtake it.
    if (pair.inFlight === 0 && pair.refused.length > 0) offerings[pair.from.connector]?.held.add(pair)
  }

  const onEvent = (frame: Frame, client: Client) => {
    const last = client.lastSeqs.get(frame.conversation) ?? 0
    if (frame.seq <= last) totals.doubled++
    else client.lastSeqs.set(frame.conversation, frame.seq)
    if (frame.actor === client.account.userId || frame.data.body === undefined) return
    const index = Number.parseInt(frame.data.body.text, 10)
    const pair = pairs[pairOf[index] ?? -1]
    if (pair === undefined) return
    receipts[index] = (receipts[index] ?? 0) + 1
    if (receipts[index] > 1) totals.doubled++
    else {
      if (isAcknowledged[index] === 1) awaited--
      if (index < pair.lastReceived) totals.reordered++
    }
    pair.lastReceived = Math.max(pair.lastReceived, index)
  }

  for (const client of clients) {
    client.socket.on('close', (code) => totals.closes.push(code))
    client.socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame
      if (frame.op === 'event') return onEvent(frame, client)
      const message = underWay.get(frame.ref ?? -1)
      if (message !== undefined) onAnswer(frame, message, performance.now())
    })
  }

  /** Never waits for an answer; a tick that comes late offers what was due meanwhile. */
  const pace = async (perSecond: number, withNew: boolean, isOver: (elapsedMs: number) => boolean) => {
    const startMs = performance.now()
    let offered = 0
    for (let elapsedMs = 0; !isOver(elapsedMs); elapsedMs = performance.now() - startMs) {
      const due = Math.floor((elapsedMs * perSecond) / 1000)
      for (; offered < due; offered++)
        offer(offerings[offered % offerings.length], startMs + (offered * 1000) / perSecond, withNew)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  return {
    run: async (perSecond, seconds) => {
      phase = createPhase()
      await pace(perSecond, true, (elapsedMs) => elapsedMs >= seconds * 1000)
      return { ...phase, seconds }
    },
    settle: async (perSecond, withinMs) => {
      phase = createPhase()
      const isDone = () => underWay.size === 0 && awaited === 0
      await pace(perSecond, false, (elapsedMs) => elapsedMs >= withinMs || isDone())
      return {
        messages,
        acknowledged,
        unanswered: underWay.size,
        lost: awaited,
        ...totals,
        closes: [...totals.closes],
      }
    },
    close: () => {
      for (const { socket } of clients) socket.removeAllListeners('close').terminate()
    },
  }
}

export interface PeakSearch {
  /** Tries a second of the first step. */
  readonly firstRate: number
  /** Of each step to the one before. */
  readonly stepFactor: number
  readonly stepSeconds: number
  readonly stepsMax: number
  /** Steps that did no more than the best before them, after which there is no more in it: one may be a hiccup. */
  readonly fruitlessStepsMax: number
}

/** Accepted a second. */
export const goodputOf = ({ acceptedMs, seconds }: LoadPhase): number => acceptedMs.length / seconds

/** Steps up until more offered is no longer more done. */
export const offerUpToPeak = async (load: Pick<OpenLoad, 'run'>, search: PeakSearch): Promise<readonly LoadPhase[]> => {
  const steps: LoadPhase[] = []
  let best = 0
  let fruitless = 0
  for (
    let rate = search.firstRate;
    fruitless < search.fruitlessStepsMax && steps.length < search.stepsMax;
    rate *= search.stepFactor
  ) {
    const step = await load.run(Math.round(rate), search.stepSeconds)
    steps.push(step)
    if (goodputOf(step) <= best) fruitless++
    best = Math.max(best, goodputOf(step))
  }
  return steps
}

const createPhase = () => {
  const startMs = performance.now()
  const acceptedMs: number[] = []
  const refusedMs: number[] = []
  const acceptedAnswerMs: number[] = []
  const refusedAnswerMs: number[] = []
  const bySecond: { acceptedMs: number[]; refused: number }[] = []
  const secondOf = (nowMs: number) => {
    const second = Math.floor((nowMs - startMs) / 1000)
    while (bySecond.length <= second) bySecond.push({ acceptedMs: [], refused: 0 })
    return bySecond[second]
  }
  return {
    ...{ offered: 0, resent: 0, keptBack: 0, lateMs: [] as number[], bySecond },
    ...{ acceptedMs, refusedMs, acceptedAnswerMs, refusedAnswerMs },
    accept: (nowMs: number, { dueMs, sentMs }: Message) => {
      acceptedMs.push(nowMs - dueMs)
      acceptedAnswerMs.push(nowMs - sentMs)
      secondOf(nowMs)?.acceptedMs.push(nowMs - dueMs)
    },
    refuse: (nowMs: number, { dueMs, sentMs }: Message) => {
      refusedMs.push(nowMs - dueMs)
      refusedAnswerMs.push(nowMs - sentMs)
      const second = secondOf(nowMs)
      if (second !== undefined) second.refused++
    },
  }
}

type HeldPairs = ReturnType<typeof createHeldPairs>

/** Pairs with something to send again, by when they may: in slots of `slotMs`, because times are drawn and no queue is in their order. */
const createHeldPairs = () => {
  const slotMs = 10
  const slots = new Map<number, Pair[]>()
  const due: Pair[] = []
  let nextSlot = Math.floor(performance.now() / slotMs)
  return {
    add: (pair: Pair) => {
      const slot = Math.max(nextSlot, Math.ceil(pair.heldUntilMs / slotMs))
      slots.set(slot, [...(slots.get(slot) ?? []), pair])
    },
    next: (nowMs: number): Pair | undefined => {
      for (; nextSlot * slotMs <= nowMs; nextSlot++) {
        due.push(...(slots.get(nextSlot) ?? []))
        slots.delete(nextSlot)
      }
      // One that is under way again, or was told another time meanwhile, is added anew with its next answer.
      for (let pair = due.shift(); pair !== undefined; pair = due.shift())
        if (pair.inFlight === 0 && pair.refused.length > 0 && pair.heldUntilMs <= nowMs) return pair
      return undefined
    },
  }
}

/** People are not on the cores of the servers. Here they are, so the load goes first on them, unless who runs it may not say so. */
const goFirst = () => {
  try {
    setPriority(constants.priority.PRIORITY_HIGH)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('EACCES')) throw error
  }
}

/** Different ones: two in one would hold each other back. */
const randomPairs = (clients: readonly Client[], { pairs, random }: OpenLoadOptions): readonly Pair[] => {
  const others = clients.length - 1
  const places = new Set<number>()
  const most = Math.min(pairs, clients.length * others)
  while (places.size < most) places.add(Math.floor(random.fraction() * clients.length * others))
  return [...places].map((place, number) => {
    const at = Math.floor(place / others)
    const [from, to] = [clients[at], clients[(at + 1 + (place % others)) % clients.length]]
    if (from === undefined || to === undefined || from === to) throw new Error('a pair needs two clients')
    return { number, from, toUser: to.account.userId, refused: [], inFlight: 0, heldUntilMs: 0, lastReceived: -1 }
  })
}
