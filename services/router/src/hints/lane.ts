import type { Audience, Location } from '@chat/domain'
import type { EventLog } from '@chat/event-log'
import { type Cancel, type Clock, isFault, type Logger } from '@chat/runtime'
import type { Encoder, ReceiptHint, SlotHints, Topics, TypingHint } from '@chat/schemas'
import type { Locator } from '../locator.ts'
import type { RouterMetrics } from '../metrics.ts'

/** How long hints are collected before they are told, ms: newer ones of a user take the place of older ones meanwhile. */
export const hintsCollectMs = 100
/** What waited longer, as in a process that was frozen, is not told any more, ms: another owner has told newer ones. */
const hintsWaitMaxMs = 2_000
/** Hints that wait at most; more push out those that wait longest. */
export const hintsWaitingMax = 10_000
/** Hints of one record; with 64 users each it stays below half of what a batch may hold. */
const hintsPerRecordMax = 1_000

/** Receipts and typing on their way to connectors, of all partitions of a router. Losing all of it loses nothing that is kept. */
export interface HintLane {
  receipt(hint: Omit<ReceiptHint, 'users'>, audience: Audience): void
  typing(hint: Omit<TypingHint, 'users'>, audience: Audience): void
  /** What was not told is forgotten. Resolves when nothing is under way. */
  stop(): Promise<void>
}

interface Ports {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly locator: Locator
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: RouterMetrics
  readonly onFatal: (error: unknown) => void
}

type Waiting = { readonly audience: Audience; readonly sinceMs: number } & (
  | { readonly kind: 'receipts'; readonly hint: Omit<ReceiptHint, 'users'> }
  | { readonly kind: 'typing'; readonly hint: Omit<TypingHint, 'users'> }
)

/**
 * Beside the deliveries of messages, which never wait for it: one turn at a time, each with one presence lookup and a record for each
 * connector concerned, and one try for each.
 */
export const createHintLane = (ports: Ports): HintLane => {
  const { locator, clock, metrics, onFatal } = ports
  let waiting = new Map<string, Waiting>()
  let cancelTurn: Cancel | undefined
  let turn: Promise<void> | undefined
  let isStopped = false

  const tell = async (hints: readonly Waiting[]): Promise<void> => {
    const users = new Set(hints.flatMap(({ audience }) => [...audience.keys()]))
    const whereabouts = await locator.locate(users)
    const records = whereabouts === undefined ? everywhere(hints) : bySlot(hints, whereabouts.locations)
    await Promise.all(records.flatMap(split).map((record) => append(record, ports)))
  }

  const arm = () => {
    if (isStopped || cancelTurn !== undefined || turn !== undefined || waiting.size === 0) return
    cancelTurn = clock.after(hintsCollectMs, () => {
      cancelTurn = undefined
      const sinceMs = clock.monotonic() - hintsWaitMaxMs
      const hints = [...waiting.values()].filter((entry) => entry.sinceMs >= sinceMs)
      waiting = new Map()
      turn = tell(hints)
        .catch(onFatal)
        .finally(() => {
          turn = undefined
          arm()
        })
    })
  }

  const add = (entry: Waiting) => {
    if (isStopped || entry.audience.size === 0) return
    const key = `${entry.kind}|${entry.hint.conversation}|${entry.hint.user}`
    waiting.set(key, entry)
    if (waiting.size > hintsWaitingMax)
      for (const oldest of waiting.keys()) {
        waiting.delete(oldest)
        metrics.hintsLost.inc()
        break
      }
    arm()
  }

  return {
    receipt: (hint, audience) => add({ kind: 'receipts', hint, audience, sinceMs: clock.monotonic() }),
    typing: (hint, audience) => add({ kind: 'typing', hint, audience, sinceMs: clock.monotonic() }),
    stop: async () => {
      isStopped = true
      cancelTurn?.()
      waiting.clear()
      await turn
    },
  }
}

type Collecting = SlotHints & { readonly receipts: ReceiptHint[]; readonly typing: TypingHint[] }

const collecting = (slot: number, epoch: number): Collecting => ({
  ...{ type: 'SlotHints', slot, epoch, receipts: [], typing: [] },
})

const put = (to: Collecting, entry: Waiting, users: readonly number[]): void => {
  if (entry.kind === 'receipts') to.receipts.push({ ...entry.hint, users })
  else to.typing.push({ ...entry.hint, users })
}

const bySlot = (
  hints: readonly Waiting[],
  locations: ReadonlyMap<number, readonly Location[]>,
): readonly SlotHints[] => {
  const slots = new Map<string, Collecting>()
  for (const entry of hints)
    for (const [key, { location, users }] of located(entry.audience, locations)) {
      const to = slots.get(key) ?? collecting(location.slot, location.epoch)
      slots.set(key, to)
      put(to, entry, users)
    }
  return [...slots.values()]
}

/** While presence cannot be trusted. */
const everywhere = (hints: readonly Waiting[]): readonly SlotHints[] => {
  const all = collecting(-1, 0)
  for (const entry of hints) put(all, entry, [...entry.audience.keys()])
  return [all]
}

const located = (audience: Audience, locations: ReadonlyMap<number, readonly Location[]>) => {
  const byLease = new Map<string, { readonly location: Location; readonly users: number[] }>()
  for (const user of audience.keys())
    for (const location of locations.get(user) ?? []) {
      const key = `${location.slot}:${location.epoch}`
      const known = byLease.get(key)
      if (known === undefined) byLease.set(key, { location, users: [user] })
      else known.users.push(user)
    }
  return byLease
}

const split = (record: SlotHints): readonly SlotHints[] => {
  const parts = Math.max(record.receipts.length, record.typing.length) / hintsPerRecordMax
  return Array.from({ length: Math.ceil(parts) }, (_, index) => {
    const [from, to] = [index * hintsPerRecordMax, (index + 1) * hintsPerRecordMax]
    return { ...record, receipts: record.receipts.slice(from, to), typing: record.typing.slice(from, to) }
  })
}

const append = async (record: SlotHints, { log, topics, encoder, logger, metrics }: Ports): Promise<void> => {
  const topic = record.slot === -1 ? topics.deliveryAll : topics.deliveries[record.slot]
  if (topic === undefined) return // A slot that this world does not have: a connector with other settings.
  const { schema, value } = encoder.encode(record)
  try {
    await log.append({ topic, partition: 0, records: [{ key: null, value, headers: { type: record.type, schema } }] })
    metrics.hints.inc(record.receipts.length + record.typing.length)
  } catch (error) {
    if (!isFault(error)) throw error
    metrics.hintsLost.inc(record.receipts.length + record.typing.length)
    logger.debug({ err: error, topic: topic.name }, 'hints not told')
  }
}
