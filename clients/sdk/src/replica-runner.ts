import { createAsk } from './ask.ts'
import type { ChatEvent, PlacelessEvent } from './domain/event.ts'
import type { Cursor, Effect, HistoryPage, Input } from './domain/exchange.ts'
import type { OutboxEntry } from './domain/outbox.ts'
import { createReplica, type Replica, step } from './domain/replica.ts'
import { createEmitter, type Emitter } from './emitter.ts'
import type { Frame } from './line.ts'
import type { Link } from './link.ts'
import type { Clock, Random, Storage } from './ports.ts'
import { loadOutbox, saveOutbox } from './saved-outbox.ts'
import { createSaver } from './saver.ts'

/** An own message that was refused for good. */
export interface FailedMessage {
  readonly conversation: string
  readonly clientMsgId: string
  readonly code: string
  readonly message: string
}

export interface Notice {
  readonly code: string
  readonly message: string
}

interface RunnerEvents {
  readonly announce: ChatEvent
  readonly told: PlacelessEvent
  readonly changed: string
  readonly accepted: { readonly clientMsgId: string; readonly seq: number }
  readonly failed: FailedMessage
  readonly notice: Notice
  /** For the first time since it was made. */
  readonly synced: undefined
  readonly stopped: undefined
}

/** The pure replica at work: runs its effects on the link, gives it what comes of them, keeps its outbox. */
export interface ReplicaRunner extends Pick<Emitter<RunnerEvents>, 'on'> {
  replica(): Replica
  start(): void
  connectionIs(isConnected: boolean): void
  pushed(frame: Frame): void
  queue(entry: OutboxEntry): void
  discard(clientMsgId: string): void
  earlier(conversation: string, page: HistoryPage): void
  read(conversation: string, seq: number): void
  receipts(conversation: string, cursors: readonly Cursor[]): void
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
  const emitter = createEmitter<RunnerEvents>(ports.onFault)
  const saver = createSaver(ports.storage, outboxKey, ports.onFault)
  const outbox = loadOutbox(await ports.storage.load(outboxKey), me)
  const save = () => saver.save(() => saveOutbox(machine.replica().outbox, me))
  const machine = createMachine(createReplica(me, outbox), { ...ports, emitter, save })
  const { clock } = ports
  const { give } = machine
  let isStopped = true

  const heard = (frame: Frame) => {
    if (frame.seq === undefined) emitter.emit('told', frame as unknown as PlacelessEvent)
    else give({ type: 'event', event: frame as unknown as ChatEvent })
  }

  const stop = async () => {
    isStopped = true
    machine.disconnect()
    emitter.emit('stopped', undefined)
    await saver.idle()
  }
  return {
    ...{ on: emitter.on, replica: machine.replica, stop },
    start: () => {
      isStopped = false
    },
    connectionIs: (isConnected) => {
      if (isStopped || isConnected === machine.replica().isConnected) return
      if (isConnected) give({ type: 'connected', nowMs: clock.now() })
      else machine.disconnect()
    },
    pushed: (frame) => {
      if (isStopped) return
      if (frame.op === 'event') heard(frame)
      if (frame.op === 'resync') give({ type: 'syncDue' })
      if (frame.op === 'notice') emitter.emit('notice', { code: String(frame.code), message: String(frame.message) })
    },
    queue: (entry) => give({ type: 'queued', entry, nowMs: clock.now() }),
    discard: (clientMsgId) => give({ type: 'discarded', clientMsgId }),
    earlier: (conversation, page) => give({ type: 'earlier', conversation, page }),
    read: (conversation, seq) => give({ type: 'read', conversation, seq }),
    receipts: (conversation, cursors) => give({ type: 'receipts', conversation, cursors }),
    forget: async () => {
      await stop()
      saver.save(() => undefined)
      await saver.idle()
    },
  }
}

interface MachinePorts extends RunnerPorts {
  readonly emitter: Emitter<RunnerEvents>
  readonly save: () => void
}

/** Inputs one after the other: a listener that causes the next one does not get between the effects of this one. */
const createMachine = (first: Replica, { emitter, save, link, clock, random, onFault }: MachinePorts) => {
  let replica = first
  let isGiving = false
  const inputs: Input[] = []
  const timers = new Set<() => void>()
  let cancelSync = () => {}

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
  const ask = createAsk({ me: first.me, link, clock, onFault }, give)

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
        const { entry, code, message } = effect
        const { conversation, clientMsgId } = entry
        return emitter.emit('failed', { conversation, clientMsgId, code, message })
      }
      case 'saveOutbox':
        return save()
      case 'synced':
        return emitter.emit('synced', undefined)
      case 'later':
        return later(effect)
      case 'reconnect':
        return link.reconnect()
      case 'sync':
        syncLater()
        return void ask(effect)
      default:
        return void ask(effect)
    }
  }

  const later = (effect: Extract<Effect, { type: 'later' }>) => {
    const cancel = clock.after(effect.ms, () => {
      timers.delete(cancel)
      if (effect.input === 'gapDue') give({ type: 'gapDue', conversation: effect.conversation })
      else give({ type: effect.input, nowMs: clock.now() })
    })
    timers.add(cancel)
  }
  const syncLater = () => {
    cancelSync()
    cancelSync = clock.after(syncEveryMs * (0.75 + random.fraction() / 2), () => give({ type: 'syncDue' }))
  }

  return {
    give,
    replica: () => replica,
    disconnect: () => {
      cancelSync()
      for (const cancel of timers) cancel()
      timers.clear()
      give({ type: 'disconnected' })
    },
  }
}
