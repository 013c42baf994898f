import {
  commit,
  createPartitionState,
  type Draft,
  type DraftEvent,
  decideBatch,
  draftLimits,
  headersOf,
  isOfConversation,
  type Marks,
  openLog,
  type Policy,
} from '@chat/domain'
import type { EventLog, NewRecord } from '@chat/event-log'
import {
  type Backoff,
  backoffMs,
  type Clock,
  Fault,
  type Health,
  isFault,
  type Logger,
  type Random,
  retry,
  sleep,
} from '@chat/runtime'
import type { Encoder, Topics } from '@chat/schemas'
import type { BrokerTime } from './broker-time.ts'
import { CommandsCut, resumeAt } from './commands-end.ts'
import { createDeadLetters } from './dead-letters.ts'
import { type LoggedEvent, readBehind, readToEnd } from './event-reader.ts'
import type { FanOut } from './fan-out.ts'
import type { HintLane } from './hints/lane.ts'
import { followHints } from './hints/tail.ts'
import { createInbox } from './inbox.ts'
import type { RouterMetrics } from './metrics.ts'
import { createOwner, NotOurs, type PartitionOwner, type Session } from './ownership.ts'
import { createSnapshots } from './snapshot.ts'
import { againEventsMax, createTakeover } from './takeover.ts'
import type { Turns } from './turns.ts'
import { wireOf } from './wire.ts'

export interface PartitionPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly fanOut: FanOut
  readonly lane: HintLane
  readonly marks: Marks
  readonly brokerTime: BrokerTime
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly health: Health
  readonly metrics: RouterMetrics
  /** Of writing snapshots. */
  readonly turns: Turns
  /** A snapshot is due after so many records of the log. */
  readonly snapshotEvents: number
  readonly policy: Policy
  /** Asks the group; false: another router has the partition. */
  readonly isStillOurs: (partition: number) => Promise<boolean>
  readonly onFatal: (error: unknown) => void
}

/** Between two attempts of an append that did not land where it was meant to. */
const missBackoff: Backoff = { firstMs: 20, maxMs: 1000 }
/** After so many misses in a row the group is asked whether the partition is still ours. */
const missesBeforeAsking = 2

/** Owns one partition while started: turns waiting commands into events, one appended batch at a time. */
export const createPartition = (partition: number, firstId: number, ports: PartitionPorts): PartitionOwner => {
  const { log, topics, fanOut, brokerTime, clock, random, health, metrics, policy } = ports
  const logger = ports.logger.child({ partition })
  const component = `partition ${partition}`
  const wire = wireOf(ports.encoder)
  const state = createPartitionState(partition, topics.events.partitions, wire)
  const inbox = createInbox()
  const bury = createDeadLetters(partition, ports)
  const takeover = createTakeover(state, ports)
  const snapshots = createSnapshots(partition, { ...ports, wire, logger })
  let misses = 0
  let session: Pick<Session, 'decided' | 'isHandingOver'> | undefined
  /** That of the last append: another one may lead to a log that was cut. */
  let connection: number | undefined

  /** One batch: decide, append, keep. What waits is taken at once; there is no timer. */
  const step = async (signal: AbortSignal): Promise<void> => {
    // Another owner's events may be read before the commands that they answer: those come in here when they are done with.
    inbox.dropBefore(state.head.resume)
    const commands = inbox.waiting()
    if (commands.length === 0) return
    observeWaiting(commands)
    const decideStartedMs = clock.monotonic()
    const context = { wire, policy, limits: draftLimits, brokerTimeMs: brokerTime.nowMs() }
    const draft = decideBatch(commands, state, context)
    metrics.decideMs.observe(clock.monotonic() - decideStartedMs)
    await bury(draft.deadCommands, commands, signal)
    if (draft.events.length > 0) {
      const landing = await land(draft)
      if (landing === 'missed') return missed(draft, signal) // [G1] [G11]
      if (landing === 'to_compare') return readBack(draft, signal)
      commit(state, draft)
    }
    await kept(draft)
  }

  /**
   * The stamped append. `landed`: every event stands where it says. `to_compare`: so it seems, but over another connection than the last
   * time, and only reading tells whether the log before them is the one they were decided on. Anything else, an error included, says
   * nothing. [G8]
   */
  const land = async (draft: Draft): Promise<'landed' | 'to_compare' | 'missed'> => {
    const startedMs = clock.monotonic()
    try {
      const appended = await log.append({ topic: topics.events, partition, records: draft.events.map(recordOf) })
      brokerTime.observe(appended.timestamp)
      metrics.appendMs.observe(clock.monotonic() - startedMs)
      metrics.batchEvents.observe(draft.events.length)
      if (appended.baseOffset !== draft.base.nextPos) return 'missed' // [G1] [G8]
      const isSame = appended.connection === connection
      connection = appended.connection
      return isSame ? 'landed' : 'to_compare'
    } catch (error) {
      if (!isFault(error)) throw error
      if (misses === 0) logger.warn({ err: error }, 'append failed')
      return 'missed'
    }
  }

  /** The draft is on the log: only now is anybody told. [G1] */
  const kept = async (draft: Draft): Promise<void> => {
    misses = 0
    health.clear(component)
    session?.decided()
    inbox.drop(draft.taken)
    metrics.events.inc(draft.events.length)
    for (const { reply } of draft.replies) metrics.commands.inc({ outcome: reply.outcome })
    await fanOut.push(draft)
  }

  const missed = async (draft: Draft, signal: AbortSignal): Promise<void> => {
    misses++
    metrics.misses.inc()
    if (session?.isHandingOver() === true) throw new NotOurs()
    if (misses > missesBeforeAsking) health.set(component, 'the event log takes no events')
    await sleep(clock, backoffMs(missBackoff, misses - 1, random), signal)
    if (misses >= missesBeforeAsking && !(await ports.isStillOurs(partition))) throw new NotOurs()
    await readBack(draft, signal)
  }

  /** The draft is thrown away and the log read again; if our own events are there after all, it counts. */
  const readBack = async (draft: Draft, signal: AbortSignal): Promise<void> => {
    let hasLanded = false
    let isRebased = false
    await readOn(signal, (event) => {
      takeover.note(event)
      if (event.event?.type === 'CommandsRebased') isRebased = true
      if (event.pos !== draft.head.lastPos || event.chain !== draft.head.chain) return
      hasLanded = true
      takeover.forget() // ours, and told below
    })
    if (hasLanded) await kept(draft)
    if (!takeover.isEmpty()) await tellAgain(signal)
    // What waits was read before: other commands may stand there now. The next session reads them.
    if (isRebased) throw new Fault('commands_rebased', 'a repair says where commands go on', { isRetryable: true })
    inbox.dropBefore(state.head.resume)
  }

  const readOn = (signal: AbortSignal, onApplied: (event: LoggedEvent) => void): Promise<void> =>
    retry(() => readToEnd(state, { log, events: topics.events, wire, brokerTime, logger }, signal, onApplied), {
      clock,
      random,
      backoff: missBackoff,
      isRetryable: (error) => isFault(error) && error.isRetryable,
      onRetry: (error, attempt) => {
        health.set(component, 'the event log cannot be read')
        if (attempt === 0) logger.warn({ err: error }, 'reading events failed')
      },
      signal,
    })

  /** What others wrote and may not have told, before anything new; resolves with the command to go on at. */
  const tellAgain = async (signal: AbortSignal): Promise<number> => {
    const resume = await resumeAt(state, { log, topics, brokerTime, logger }, signal)
    await fanOut.pushAgain(await takeover.outcome(signal))
    takeover.forget()
    return resume
  }

  const open = async (signal: AbortSignal): Promise<void> => {
    const { partitions } = topics.events
    while (state.head.lastPos === -1) {
      const event = { type: 'LogOpened', partitions, firstId, hash: 'murmur2-utf8-positive', at: clock.now() } as const
      const draft = openLog(state, event, wire)
      const landing = await land(draft)
      if (landing === 'landed') commit(state, draft)
      else await (landing === 'missed' ? missed(draft, signal) : readBack(draft, signal))
    }
    const opened = state.head.opened?.partitions
    if (opened !== partitions)
      throw new Fault('partitions_mismatch', `the log has ${opened} partitions, this process is set to ${partitions}`, {
        isRetryable: false,
      })
  }

  const own = async (begun: Session): Promise<void> => {
    const { signal } = begun
    session = begun
    misses = 0
    inbox.clear()
    await restore(signal)
    await open(signal)
    const resume = await tellAgain(signal)
    health.clear(component)
    logger.info({ pos: state.head.nextPos, resume }, 'partition owned')
    begun.owned()
    await together(signal, [
      (both) => readCommands(resume, both),
      decideUntil,
      (both) => snapshots.writeUntil(state, both),
      (both) => followHints(state, { ...ports, logger }, both),
    ])
  }

  /** The state at the end of the log: from what is known, else from the newest snapshot, and the events after it. */
  const restore = async (signal: AbortSignal): Promise<void> => {
    const isKnown = state.head.lastPos !== -1
    const startedMs = clock.monotonic()
    const restored = isKnown ? undefined : await snapshots.restore(signal)
    if (restored !== undefined) {
      // The newest events may be in the snapshot already, and untold all the same.
      const ports = { log, events: topics.events, brokerTime }
      await readBehind(restored, ports, againEventsMax, signal, takeover.note)
      state.tables = restored.tables
      state.head = restored.head
    }
    await readOn(signal, takeover.note)
    const from = restored === undefined ? 'log' : 'snapshot'
    if (!isKnown) metrics.restoreMs.observe({ from }, clock.monotonic() - startedMs)
  }

  const readCommands = async (from: number, signal: AbortSignal): Promise<void> => {
    try {
      for await (const records of log.tail(topics.commands, partition, from, signal)) {
        for (const { timestamp } of records) brokerTime.observe(timestamp)
        await inbox.push(records, signal)
      }
    } catch (error) {
      if (!isFault(error, 'log_cut')) throw error
      throw new CommandsCut(`the commands of partition ${partition} were cut: ${error.message}`, { cause: error })
    }
  }

  const decideUntil = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      if (inbox.waiting().length > 0) await step(signal)
      else {
        idle()
        await inbox.filled(signal)
      }
    }
  }

  /** Nothing waits for the log any more: another owner may have decided what was missed here. */
  const idle = (): void => {
    misses = 0
    health.clear(component)
  }

  const observeWaiting = (commands: readonly { readonly atMs: number }[]): void => {
    metrics.waiting.set({ partition }, commands.length)
    const oldest = commands[0]
    if (oldest !== undefined) metrics.waitMs.observe(Math.max(0, brokerTime.nowMs() - oldest.atMs))
  }

  return createOwner({ ...ports, component, logger, own, drained: fanOut.drained })
}

export const recordOf = (event: DraftEvent): NewRecord => ({
  key: isOfConversation(event.event) ? event.event.conversation : null,
  value: event.value,
  headers: { ...headersOf(event) },
})

/** Runs all until one ends, ends the others, waits for them, and throws what was thrown first. */
const together = async (
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> => {
  const end = new AbortController()
  const both = AbortSignal.any([signal, end.signal])
  const failures: unknown[] = []
  await Promise.all(
    tasks.map((task) =>
      task(both)
        .catch((error: unknown) => failures.push(error))
        .finally(() => end.abort()),
    ),
  )
  if (failures.length > 0) throw failures[0]
}
