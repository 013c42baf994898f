import { ChatError } from './chat-error.ts'
import type { ChatEvent } from './domain/event.ts'
import type { Effect, HistoryPage, Input } from './domain/exchange.ts'
import { emptyOutbox, type Outbox, type OutboxEntry } from './domain/outbox.ts'
import { createReplica, type Replica, step } from './domain/replica.ts'
import { createEmitter } from './emitter.ts'
import { addressOf } from './ids.ts'
import type { Frame, Link } from './link.ts'
import type { Clock, Random, Storage } from './ports.ts'
import { createSaver } from './saver.ts'

interface RunnerEvents {
  readonly announce: ChatEvent
  readonly changed: string
  readonly accepted: { readonly clientMsgId: string; readonly seq: number }
  readonly failed: {
    readonly conversation: string
    readonly clientMsgId: string
    readonly code: string
    readonly message: string
  }
  readonly notice: { readonly code: string; readonly message: string }
  readonly stopped: undefined
}

/** The pure replica at work: runs its effects on the link, gives it what comes of them, keeps its outbox. */
export interface ReplicaRunner {
  replica(): Replica
  on<Name extends keyof RunnerEvents>(name: Name, listener: (value: RunnerEvents[Name]) => void): () => void
  start(): void
  connectionIs(isConnected: boolean): void
  pushed(frame: Frame): void
  queue(entry: OutboxEntry): void
  discard(clientMsgId: string): void
  earlier(conversation: string, page: HistoryPage): void
  read(conversation: string, seq: number): void
  /** Hears nothing any more; resolves once the outbox is saved. */
  stop(): Promise<void>
  /** The same, and what was not sent is thrown away. */
  forget(): Promise<void>
}

/** A connected client syncs this often, give or take a quarter, ms: pushes are hints only. PROTOCOL §2. */
const syncEveryMs = 120_000
const outboxKey = 'outbox'

interface RunnerPorts {
  readonly clock: Clock
  readonly random: Random
  readonly storage: Storage
  readonly link: Link
  readonly onFault: (error: unknown) => void
}

export const createReplicaRunner = async (me: number, ports: RunnerPorts): Promise<ReplicaRunner> => {
  const { clock, random, storage, link, onFault } = ports
  const emitter = createEmitter<RunnerEvents>(onFault)
  const saver = createSaver(storage, outboxKey, onFault)
  let replica = createReplica(me, loadedOutbox(await storage.load(outboxKey), me))
  let isStopped = true
  let isGiving = false
  const inputs: Input[] = []
  const timers = new Set<() => void>()
  let cancelSync = () => {}

  /** One input after the other: a listener that causes the next one does not get between the effects of this one. */
  const give = (input: Input) => {
    inputs.push(input)
    if (isGiving) return
    isGiving = true
    for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) {
      const [then, effects] = step(replica, next)
      replica = then
      for (const effect of effects) run(effect)
    }
    isGiving = false
  }

  const run = (effect: Effect) => {
    switch (effect.type) {
      case 'announce':
        for (const event of effect.events) emitter.emit('announce', event)
        return
      case 'changed':
        return emitter.emit('changed', effect.conversation)
      case 'accepted':
        return emitter.emit('accepted', effect)
      case 'failed': {
        const { conversation, clientMsgId } = effect.entry
        return emitter.emit('failed', { conversation, clientMsgId, code: effect.code, message: effect.message })
      }
      case 'saveOutbox':
        return saver.save(savedOutbox(replica.outbox, me))
      case 'later':
        return later(effect)
      case 'reconnect':
        return link.reconnect()
      case 'send':
        return void send(effect)
      case 'sync':
        return void sync(effect)
      case 'history':
        return void history(effect)
    }
  }

  const later = (effect: Extract<Effect, { type: 'later' }>) => {
    const cancel = clock.after(effect.ms, () => {
      timers.delete(cancel)
      if (effect.input === 'gapDue') give({ type: 'gapDue', conversation: effect.conversation })
      else if (effect.input === 'outboxDue') give({ type: 'outboxDue', nowMs: clock.now() })
      else give({ type: 'syncDue' })
    })
    timers.add(cancel)
  }

  const send = async ({ dispatch }: Extract<Effect, { type: 'send' }>) => {
    const { conversation, clientMsgId, body, replyTo } = dispatch.entry
    const after = dispatch.after === undefined ? {} : { after: dispatch.after }
    const reply = replyTo === undefined ? {} : { replyTo }
    const frame = { to: addressOf(conversation, me), clientMsgId, body, ...after, ...reply }
    const answered = answeredHere()
    try {
      const ok = await link.request('send', frame)
      if (answered()) give({ type: 'accepted', clientMsgId, ok, nowMs: clock.now() })
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal !== undefined && answered()) give({ type: 'refused', clientMsgId, refusal, nowMs: clock.now() })
    }
  }

  const sync = async ({ token, known }: Extract<Effect, { type: 'sync' }>) => {
    cancelSync()
    cancelSync = clock.after(syncEveryMs * (0.75 + random.fraction() / 2), () => give({ type: 'syncDue' }))
    const answered = answeredHere()
    try {
      const page = await link.request('sync', token === undefined ? {} : { token, known })
      if (answered()) give({ type: 'synced', page })
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal !== undefined && answered()) give({ type: 'syncFailed', ...failureOf(refusal) })
    }
  }

  const history = async ({ conversation, bound }: Extract<Effect, { type: 'history' }>) => {
    const answered = answeredHere()
    try {
      const page = await link.request('history', { conversation, ...bound, limit: 200 })
      if (answered()) give({ type: 'filled', conversation, page })
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal !== undefined && answered()) give({ type: 'fillFailed', conversation, ...failureOf(refusal) })
    }
  }

  /** An answer belongs to the connection that it was asked on. */
  let connection = 0
  const answeredHere = () => {
    const asked = connection
    return () => asked === connection && !isStopped
  }
  /** Not of the server: the connection is gone, which the replica hears by itself. Anything else is a fault of ours. */
  const refusalOf = (error: unknown): ChatError | undefined => {
    if (!(error instanceof ChatError)) onFault(error)
    return error instanceof ChatError && error.code !== 'disconnected' ? error : undefined
  }

  const disconnect = () => {
    connection++
    cancelSync()
    for (const cancel of timers) cancel()
    timers.clear()
    give({ type: 'disconnected' })
  }
  const stop = async () => {
    if (!isStopped) {
      disconnect()
      isStopped = true
      emitter.emit('stopped', undefined)
    }
    await saver.idle()
  }

  return {
    ...{ on: emitter.on, stop },
    replica: () => replica,
    start: () => {
      isStopped = false
    },
    connectionIs: (isConnected) => {
      if (isStopped || isConnected === replica.isConnected) return
      if (isConnected) give({ type: 'connected', nowMs: clock.now() })
      else disconnect()
    },
    pushed: (frame) => {
      if (isStopped) return
      if (frame.op === 'event') give({ type: 'event', event: frame as unknown as ChatEvent })
      if (frame.op === 'resync') give({ type: 'syncDue' })
      if (frame.op === 'notice') emitter.emit('notice', { code: String(frame.code), message: String(frame.message) })
    },
    queue: (entry) => give({ type: 'queued', entry, nowMs: clock.now() }),
    discard: (clientMsgId) => give({ type: 'discarded', clientMsgId }),
    earlier: (conversation, page) => give({ type: 'earlier', conversation, page }),
    read: (conversation, seq) => give({ type: 'read', conversation, seq }),
    forget: async () => {
      await stop()
      saver.save(undefined)
      await saver.idle()
    },
  }
}

const failureOf = ({ retry, retryAfterMs }: ChatError) => ({
  isTransient: retry !== 'never',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})

interface SavedOutbox {
  readonly me: number
  readonly entries: readonly OutboxEntry[]
  readonly accepted: Outbox['accepted']
}

/** What is in the log needs no keeping; what was sent without an answer will be sent again. */
const savedOutbox = ({ entries, accepted }: Outbox, me: number): string => {
  const kept = entries.filter(({ state }) => state.kind !== 'accepted')
  const saved: SavedOutbox = {
    ...{ me, accepted },
    entries: kept.map((entry) => (entry.state.kind === 'failed' ? entry : { ...entry, state: { kind: 'queued' } })),
  }
  return JSON.stringify(saved)
}

/** Messages of somebody else who was logged in here are not sent in this one's name. */
const loadedOutbox = (text: string | undefined, me: number): Outbox => {
  if (text === undefined) return emptyOutbox
  const saved = JSON.parse(text) as SavedOutbox
  return saved.me === me ? { ...emptyOutbox, entries: saved.entries, accepted: saved.accepted } : emptyOutbox
}
