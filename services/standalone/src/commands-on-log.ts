import { partitionOfDraft } from '@chat/connector/commands'
import { noDevice } from '@chat/connector/no-device'
import type { CommandDraft } from '@chat/connector/ports'
import { appendRecordsMax, batchBytesMax, type EventLog, isValid, type StoredRecord } from '@chat/event-log'
import { type Clock, Fault, type Random, uuidV7 } from '@chat/runtime'
import { type Command, decodeEvent, type Encoder, type LogEvent, type Topics } from '@chat/schemas'

/**
 * What became of a command. `accepted`: its first event and where that stands. `refused`: the code of the router. `repeated`: it had
 * been accepted before, and had no second effect.
 */
export type Outcome =
  | { readonly outcome: 'accepted'; readonly event: LogEvent; readonly partition: number; readonly pos: number }
  | { readonly outcome: 'refused'; readonly code: string }
  | { readonly outcome: 'repeated' }

/**
 * Commands of somebody on this machine, who has no connector: they are put on the log, and the events are read for what routers decide.
 * Those of one partition get there in the order of the calls, whatever is under way.
 */
export interface CommandsOnLog {
  /**
   * Throws Fault `timeout` when no router has decided within the time that was given for it, and what the log throws: nothing is known then, and the
   * same command may be put there again. `mayRepeat`: it may have been there before; without that word `repeated` is never told, because
   * a repetition leaves no trace on the log.
   */
  submit(draft: CommandDraft, mayRepeat?: 'mayRepeat'): Promise<Outcome>
  /** Gives up what is under way. */
  stop(): Promise<void>
}

export interface LogPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly clock: Clock
  readonly random: Random
}

/** No router decides one command within this: there is none, ms. */
export const decisionTimeoutMs = 30_000
/** Nobody of the chat did it. */
export const nobody = 0
/** No connector waits for the reply. */
const noReply = { replySlot: -1, replyEpoch: 0, request: 0 }

interface Waiting {
  readonly record: {
    readonly key: null
    readonly value: Uint8Array
    readonly headers: Readonly<Record<string, string>>
  }
  /** It is always refused, and tells that routers have come so far. */
  readonly isMark: boolean
  readonly settle: (outcome: Outcome) => void
  readonly fail: (error: unknown) => void
}

/** Resolves when it is known where the events end now: what comes of a command is behind that. */
export const openCommandsOnLog = async (
  ports: LogPorts,
  timeoutMs: number = decisionTimeoutMs,
): Promise<CommandsOnLog> => {
  const ends = await ports.log.ends(ports.topics.events)
  const stopping = new AbortController()
  const lanes = new Map<number, ReturnType<typeof createLane>>()
  const laneOf = (partition: number) => {
    const found = lanes.get(partition)
    if (found !== undefined) return found
    const made = createLane(partition, ends.get(partition) ?? 0, ports, { timeoutMs, signal: stopping.signal })
    lanes.set(partition, made)
    return made
  }
  return {
    submit: (draft, mayRepeat) =>
      laneOf(partitionOfDraft(draft, ports.topics.commands.partitions)).submit(draft, mayRepeat !== undefined),
    stop: async () => {
      stopping.abort(new Fault('stopping', 'stopped before it was decided'))
      await Promise.all(Array.from(lanes.values(), (lane) => lane.done))
    },
  }
}

/** One append is under way at a time; what comes meanwhile goes with the next. */
const createLane = (
  partition: number,
  from: number,
  ports: LogPorts,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => {
  const { log, topics, encoder, clock, random } = ports
  const queue: Waiting[] = []
  /** By offset in the commands. */
  const undecided = new Map<number, Waiting>()
  /** The append that is under way. */
  let appending: Promise<void> | undefined

  /** Why nothing can be heard of any more. */
  let broken: unknown

  const failAll = (error: unknown) => {
    broken = error
    for (const waiting of [...undecided.values(), ...queue.splice(0)]) waiting.fail(error)
    undecided.clear()
  }
  signal.addEventListener('abort', () => failAll(signal.reason), { once: true })

  const append = async (batch: readonly Waiting[]) => {
    try {
      const records = batch.map(({ record }) => record)
      const { baseOffset } = await log.append({ topic: topics.commands, partition, records })
      if (broken !== undefined) throw broken
      for (const [index, waiting] of batch.entries()) undecided.set(baseOffset + index, waiting)
    } catch (error) {
      for (const waiting of batch) waiting.fail(error)
    }
  }

  const appendAll = async () => {
    while (queue.length > 0) {
      appending = append(queue.splice(0, sizeOfBatch(queue)))
      await appending
    }
    appending = undefined
  }

  const put = (draft: CommandDraft, isMark = false): Promise<Outcome> => {
    if (broken !== undefined) return Promise.reject(broken)
    const { schema, value } = encoder.encode({ ...draft, ...noReply } as Command)
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    const cancel = clock.after(timeoutMs, () =>
      reject(new Fault('timeout', `no router has decided within ${timeoutMs / 1000} s`)),
    )
    queue.push({
      record: { key: null, value, headers: { type: draft.type, schema } },
      isMark,
      settle: (outcome) => {
        cancel()
        resolve(outcome)
      },
      fail: (error) => {
        cancel()
        reject(error)
      },
    })
    if (appending === undefined) void appendAll()
    return promise
  }

  const take = (record: StoredRecord) => {
    if (!isValid(record)) return
    const cmd = Number(record.headers.cmd)
    const isRefusal = record.headers.type === 'CommandsRejected'
    if (!isRefusal && !undecided.has(cmd)) return
    const decoded = decodeEvent(record.headers.schema ?? '', record.value)
    if (!('record' in decoded)) return
    const event = decoded.record
    if (event.type !== 'CommandsRejected')
      return settle(cmd, { outcome: 'accepted', event, partition, pos: record.offset })
    const marks = event.rejections.filter((rejection) => undecided.get(rejection.cmd)?.isMark)
    for (const rejection of event.rejections) settle(rejection.cmd, { outcome: 'refused', code: rejection.code })
    for (const mark of marks)
      for (const before of undecided.keys()) if (before < mark.cmd) settle(before, { outcome: 'repeated' })
  }

  const settle = (cmd: number, outcome: Outcome) => {
    undecided.get(cmd)?.settle(outcome)
    undecided.delete(cmd)
  }

  const follow = async () => {
    for await (const records of log.tail(topics.events, partition, from, signal)) {
      await appending // Only then is it known which commands these may be about.
      for (const record of records) take(record)
    }
  }
  const done = follow().catch((error) => {
    if (!signal.aborted) failAll(error)
  })

  return {
    submit: (draft: CommandDraft, mayRepeat: boolean): Promise<Outcome> => {
      const decided = put(draft)
      if (mayRepeat) put(alwaysRefused(uuidV7(clock.now(), random)), true).catch(() => {}) // What failed is told by the other one.
      return decided
    },
    done,
  }
}

/** How many of the queue go with one append. */
const sizeOfBatch = (queue: readonly Waiting[]): number => {
  let bytes = 0
  let count = 0
  for (const { record } of queue.slice(0, appendRecordsMax)) {
    bytes += record.value.length
    if (count > 0 && bytes > batchBytesMax) break
    count++
  }
  return count
}

/**
 * The mark behind a command that may be a repetition: no account has an empty name. Routers decide in order, and what they refuse of a
 * batch stands behind what they accept of it: when the mark is refused, whatever was before it has been answered or never will be.
 */
const alwaysRefused = (clientMsgId: string): CommandDraft => ({
  ...{ type: 'ImportUser', normalisedName: '', actor: nobody, by: '', device: noDevice, clientMsgId },
  ...{ dialect: '', oldId: 0 },
})
