import type { Answered, HistoryEvent, Invoked } from '../history.ts'
import { within } from './log-facts.ts'

/** A message that a client wanted posted, over all its resends. */
export interface Send {
  readonly clientMsgId: string
  readonly device: string
  readonly conversation: string
  readonly text: string | null
  /** Line number of the first attempt. */
  readonly invokedLine: number
  readonly invokedAt: number
  /** The greatest seq of the conversation that anybody had seen when it was first sent: it must come after that. */
  readonly floor: number
  /** The first `ok`. */
  accepted: Answered | undefined
  /** The first error that no repetition changes. */
  refused: Answered | undefined
  /** Answers that cannot both be true. */
  readonly conflicts: string[]
}

/** A request other than `send`, and its `ok`. */
export interface AcceptedRequest {
  readonly invoked: Invoked
  readonly answered: Answered
}

export interface SendFacts {
  /** In the order of the first attempt. */
  readonly sends: ReadonlyMap<string, Send>
  readonly accepted: readonly AcceptedRequest[]
  /** `user op conversation` → the ids of all requests for it, answered or not; one without an id counts by itself. */
  readonly invokedOps: ReadonlyMap<string, ReadonlySet<string>>
  /** When each request of a device went out: ref → at. */
  askedAt(device: string, ref: number): number | undefined
  /** Answers to nothing. */
  readonly causeless: readonly string[]
  /** Second answers to one request. */
  readonly doubled: readonly string[]
}

/** Requests that make a conversation, and those about a friend, do not name it. */
export const opKey = (user: number, op: string, conversation: string | null): string =>
  op === 'group.create' || op.startsWith('friend.') ? `${user} ${op}` : `${user} ${op} ${conversation}`

/** Joins requests with their answers. */
export const readSends = (history: readonly HistoryEvent[], userOf: ReadonlyMap<string, number>): SendFacts => {
  const sends = new Map<string, Send>()
  const accepted: AcceptedRequest[] = []
  const invokedOps = new Map<string, Set<string>>()
  const requests = new Map<string, Map<number, Invoked>>()
  const answeredRefs = new Map<string, Set<number>>()
  const observed = new Map<string, number>()
  const causeless: string[] = []
  const doubled: string[] = []
  const observe = (conversation: string, seq: number) => {
    if (seq > (observed.get(conversation) ?? 0)) observed.set(conversation, seq)
  }
  const invoke = (line: Invoked, index: number) => {
    within(requests, line.device, () => new Map<number, Invoked>()).set(line.ref, line)
    if (line.op === 'send' && line.clientMsgId !== null && line.conversation !== null) {
      const floor = observed.get(line.conversation) ?? 0
      within(sends, line.clientMsgId, () => sendOf(line, index, floor))
      return
    }
    const key = opKey(userOf.get(line.device) ?? 0, line.op, line.conversation)
    within(invokedOps, key, () => new Set<string>()).add(line.clientMsgId ?? `${line.device} ${line.ref}`)
  }
  const answer = (line: Answered) => {
    const refs = within(answeredRefs, line.device, () => new Set<number>())
    if (refs.has(line.ref)) doubled.push(`${line.device} got two answers to request ${line.ref}`)
    refs.add(line.ref)
    const invoked = requests.get(line.device)?.get(line.ref)
    if (invoked === undefined)
      return void causeless.push(`${line.device} got an answer to ${line.ref}, which it never sent`)
    if (line.outcome === 'ok' && line.conversation !== null && line.seq !== null) observe(line.conversation, line.seq)
    const send = invoked.clientMsgId === null ? undefined : sends.get(invoked.clientMsgId)
    if (send !== undefined) settle(send, line)
    else if (line.outcome === 'ok') accepted.push({ invoked, answered: line })
  }
  for (const [index, line] of history.entries()) {
    if (line.what === 'invoked') invoke(line, index)
    else if (line.what === 'answered') answer(line)
    else if (line.what === 'pushed') observe(line.conversation, line.seq)
    else if (line.what === 'paged') for (const event of line.events) observe(line.conversation, event.seq)
  }
  return {
    sends,
    accepted,
    invokedOps,
    askedAt: (device, ref) => requests.get(device)?.get(ref)?.at,
    causeless,
    doubled,
  }
}

const sendOf = (line: Invoked, invokedLine: number, floor: number): Send => ({
  clientMsgId: line.clientMsgId ?? '',
  device: line.device,
  conversation: line.conversation ?? '',
  text: line.text,
  invokedLine,
  invokedAt: line.at,
  floor,
  accepted: undefined,
  refused: undefined,
  conflicts: [],
})

/** `too_late` says that it cannot be known whether the message was posted: it contradicts nothing. */
const saysNothing = 'too_late'

const settle = (send: Send, line: Answered): void => {
  const { accepted, refused } = send
  if (line.outcome === 'ok') {
    if (refused !== undefined) send.conflicts.push(`refused ${refused.code}, then accepted`)
    if (accepted === undefined) send.accepted = line
    else if (accepted.seq !== line.seq || accepted.conversation !== line.conversation)
      send.conflicts.push(`accepted as ${accepted.seq}, then as ${line.seq}`)
    else if (accepted.position !== line.position) send.conflicts.push(`accepted at two positions`)
    return
  }
  if (!line.isFinal || line.code === saysNothing) return
  if (accepted !== undefined) send.conflicts.push(`accepted as ${accepted.seq}, then refused ${line.code}`)
  send.refused ??= line
}
