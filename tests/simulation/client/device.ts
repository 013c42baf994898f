import { type Random, uuidV7 } from '@chat/runtime'
import type { Recorder } from '../../faults/recorder.ts'
import type { Machine } from '../machine.ts'
import type { Network } from '../ports/network.ts'
import { type CatchUp, createCatchUp } from './catch-up.ts'
import { createOutbox, type Write } from './outbox.ts'
import { type Frame, openSession, Refused, type Session } from './session.ts'
import { createView, seenOf, type View, type WireEvent } from './view.ts'

export interface Account {
  readonly userId: number
  readonly name: string
  readonly password: string
}

/** A client as PROTOCOL asks for it: it stays connected, sends everything once, shows everything once. */
export interface Device {
  readonly id: string
  readonly account: Account
  readonly view: View
  /** Connects, and comes back whenever it is cut off. */
  start(): void
  write(write: Omit<Write, 'clientMsgId'>): string
  /** An id as the next write will have it; they grow. */
  newId(): string
  writeAs(write: Write): void
  /** Anything whose fate is not waited for. */
  ask(fields: Frame & { readonly op: string }): void
  sync(): void
  session(): Session | undefined
  unsent(): number
  /** Connected, with nothing under way and nothing missing as far as it can tell. */
  isSettled(): boolean
  /** What the server did to it that it must never do. */
  readonly complaints: readonly string[]
}

interface DeviceParts {
  readonly id: string
  readonly account: Account
  readonly machine: Machine
  readonly network: Network
  readonly recorder: Recorder
  readonly random: Random
  readonly hosts: readonly string[]
}

const backoff = { firstMs: 50, maxMs: 2000 }
/** 4409 asks the person; who comes back after so long, ms. */
const personMs = 1500

export const createDevice = (parts: DeviceParts): Device => {
  const { id, account, machine, network, recorder, random, hosts } = parts
  const view = createView(id, recorder)
  const complaints: string[] = []
  const outbox = createOutbox(machine, random, () => session)
  const catchUp: CatchUp = createCatchUp({
    ...{ device: id, machine, recorder, view, session: () => session },
    lastRef: () => refs,
    onStale: () => {
      isToppedUp = true
    },
  })
  let session: Session | undefined
  const pushedHere = new Set<string>()
  /** A page of this connection was stale: what it lacked is pushed after it, whether it was pushed before or not. */
  let isToppedUp = false
  let token: string | undefined
  let refs = 0
  let connections = 0
  let lastIdMs = 0

  const onEvent = (connection: number, frame: Frame) => {
    const conversation = String(frame.conversation)
    const event = frame as unknown as WireEvent
    recorder.record({ what: 'pushed', device: id, connection, conversation, ...seenOf(event) })
    const key = `${conversation} ${event.seq}`
    // [G2] Clients drop it by seq; connectors are to drop it before.
    if (pushedHere.has(key) && !isToppedUp) complaints.push(`${id} was pushed ${key} twice on connection ${connection}`)
    pushedHere.add(key)
    if (view.takePush(conversation, event)) catchUp.gap(conversation)
  }

  const onReceipt = ({ conversation, user, deliveredSeq, readSeq }: Frame) =>
    recorder.record({
      ...{ what: 'receiptPushed', device: id, conversation: String(conversation), user: Number(user) },
      ...{ deliveredSeq: Number(deliveredSeq), readSeq: Number(readSeq) },
    })

  const onPush = (connection: number, frame: Frame) => {
    if (frame.op === 'event' && frame.seq !== undefined) onEvent(connection, frame)
    else if (frame.op === 'resync') catchUp.sync()
    else if (frame.op === 'receipt') onReceipt(frame)
  }

  const onClosed = (connection: number, code: number) => {
    // Whoever hung up hears no more of a connection: what is closed here is the newest.
    if (code === 4409) complaints.push(`${id} was replaced on connection ${connection}, its newest`)
    if (code === 4400 || code === 1009) complaints.push(`${id} was told that it is wrong: ${code}`)
    if (session?.connection !== connection) return
    recorder.record({ what: 'closed', device: id, connection, code })
    session = undefined
    outbox.connectionLost()
    catchUp.connectionLost()
    if (code === 4401) token = undefined
    machine.clock.after(code === 4409 ? personMs : 0, () => void reconnect())
  }

  const logIn = async (host: string): Promise<string> => {
    const { name, password } = account
    const answer = await network.request(machine, host, (api) => api.logIn({ name, password, device: id }, id))
    if (!('ok' in answer)) throw new Error(answer.error)
    return String(answer.ok.accessToken)
  }

  const dial = async (host: string): Promise<void> => {
    token ??= await logIn(host)
    const connection = ++connections
    const opened = await openSession(host, {
      ...{ device: id, machine, network, recorder, connection },
      nextRef: () => ++refs,
      onPush: (frame) => onPush(connection, frame),
      onClosed: (code) => onClosed(connection, code),
    })
    const wantsSync = random.fraction() < 0.6
    const sync = wantsSync ? { sync: catchUp.token() ?? '' } : {}
    const saying = opened.request({ op: 'hello', token, device: id, ...sync })
    const ref = refs
    const welcome = await saying.catch((error: unknown) => {
      if (error instanceof Refused && error.code === 'unauthorized') token = undefined
      opened.close(1000)
      throw error
    })
    recorder.record({ what: 'connected', device: id, connection, connector: String(welcome.connector) })
    session = opened
    pushedHere.clear()
    isToppedUp = false
    outbox.pump()
    if (welcome.sync === undefined) catchUp.sync()
    else catchUp.takeHello(welcome.sync as Frame, ref)
  }

  const reconnect = async (): Promise<void> => {
    for (let attempt = 0; session === undefined; attempt++) {
      const waitMs = random.fraction() * Math.min(backoff.maxMs, backoff.firstMs * 2 ** attempt)
      await new Promise<void>((resolve) => void machine.clock.after(waitMs, resolve))
      const host = hosts[Math.floor(random.fraction() * hosts.length)] ?? ''
      await dial(host).catch(() => {}) // The next attempt, perhaps elsewhere.
    }
  }

  const newId = () => {
    lastIdMs = Math.max(machine.clock.now(), lastIdMs + 1)
    return uuidV7(lastIdMs, random)
  }

  return {
    ...{ id, account, view, complaints, newId },
    start: () => void reconnect(),
    write: (write) => {
      const clientMsgId = newId()
      outbox.add({ ...write, clientMsgId })
      return clientMsgId
    },
    writeAs: outbox.add,
    ask: (fields) => void session?.request(fields).catch(() => {}), // Nobody waits for it.
    sync: catchUp.sync,
    session: () => session,
    unsent: outbox.size,
    isSettled: () => {
      if (session === undefined || session.unanswered() > 0 || outbox.size() > 0 || !catchUp.isIdle()) return false
      return view.conversations().every((conversation) => !view.hasGap(conversation))
    },
  }
}
