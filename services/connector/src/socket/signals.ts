import { appendRecordsMax, type EventLog, type NewRecord } from '@chat/event-log'
import type { ReadModels, SeatView } from '@chat/read-models'
import { assert, type Clock, forgetOldest, isFault, type Logger } from '@chat/runtime'
import { type Encoder, partitionOfConversation, type Topics } from '@chat/schemas'
import { type ErrorCode, readWaitMs } from '@chat/schemas/protocol'
import { ok, refused } from '../answer.ts'
import type { Answer } from '../ports.ts'
import type { Caller } from './caller.ts'

/** How long signals are collected, ms: the newest of a user and conversation counts, so that he sends at most four a second there. */
const collectMs = 250
/** The same said again within this is not sent, ms: clients renew every 3 s. */
const sameAgainMs = 2_000
/** Whoever may is not looked up again for so long, ms: routers look as well whether he is a member. */
const allowedMs = 10_000
/** Users in conversations that are remembered, and signals that are collected; the oldest goes first. */
const typistsMax = 10_000

/** Tells routers who is writing. A signal that is lost is made good by the next, or by the end that every signal has by itself. */
export interface Signals {
  typing(caller: Caller, conversation: string, isTyping: boolean): Promise<Answer>
}

interface Typist {
  /** Until when he may, monotonic ms. */
  readonly allowedUntilMs: number
  readonly sent: { readonly isTyping: boolean; readonly atMs: number } | undefined
}

interface Ports {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly readModels: ReadModels
  readonly clock: Clock
  readonly logger: Logger
  readonly onFatal: (error: unknown) => void
}

export const createSignals = ({ log, topics, encoder, readModels, clock, logger, onFatal }: Ports): Signals => {
  /** By `conversation|user`. */
  const typists = new Map<string, Typist>()
  let collected = new Map<string, { readonly partition: number; readonly record: NewRecord }>()
  let isFlushDue = false

  const remember = (key: string, typist: Typist) => {
    typists.delete(key)
    typists.set(key, typist)
    forgetOldest(typists, typistsMax)
  }

  /** One try each: a second later nobody wants it any more. */
  const flush = () => {
    isFlushDue = false
    const byPartition = Map.groupBy(collected.values(), ({ partition }) => partition)
    collected = new Map()
    for (const [partition, all] of byPartition)
      for (let from = 0; from < all.length; from += appendRecordsMax)
        append(
          partition,
          all.slice(from, from + appendRecordsMax).map(({ record }) => record),
        ).catch(onFatal)
  }

  const append = async (partition: number, records: readonly NewRecord[]): Promise<void> => {
    try {
      await log.append({ topic: topics.signals, partition, records })
    } catch (error) {
      if (!isFault(error)) throw error
      logger.debug({ err: error, partition }, 'signals not sent')
    }
  }

  const collect = (key: string, user: number, conversation: string, isTyping: boolean) => {
    const partition = partitionOfConversation(conversation, topics.signals.partitions)
    assert(partition !== undefined, 'the frame parser lets only canonical conversation ids through')
    const { schema, value } = encoder.encode({ type: 'Typing', conversation, user, isTyping })
    if (collected.size >= typistsMax && !collected.has(key)) return
    collected.set(key, { partition, record: { key: null, value, headers: { type: 'Typing', schema } } })
    if (isFlushDue) return
    isFlushDue = true
    clock.after(collectMs, flush)
  }

  /** By what he was pushed himself, such as his joining; as long as that is not projected nobody is refused for good. */
  const refusalOf = async (caller: Caller, conversation: string): Promise<ErrorCode | undefined> => {
    const isFresh = await readModels.waitFor(caller.positions(), readWaitMs)
    const refusal = refusalToType(await readModels.seat(caller.identity.userId, conversation), clock.now())
    return refusal === undefined || isFresh ? refusal : 'unavailable'
  }

  return {
    typing: async (caller, conversation, isTyping) => {
      const user = caller.identity.userId
      const key = `${conversation}|${user}`
      let { allowedUntilMs = 0, sent } = typists.get(key) ?? {}
      if (clock.monotonic() >= allowedUntilMs) {
        const refusal = await refusalOf(caller, conversation)
        if (refusal !== undefined) return refused(refusal)
        allowedUntilMs = clock.monotonic() + allowedMs
        sent = typists.get(key)?.sent
      }
      const atMs = clock.monotonic()
      const isSame = sent?.isTyping === isTyping && atMs - sent.atMs < sameAgainMs
      if (!isSame) collect(key, user, conversation, isTyping)
      remember(key, { allowedUntilMs, sent: isSame ? sent : { isTyping, atMs } })
      return ok({})
    },
  }
}

/** Why somebody may not; undefined: he may, as he may react to messages. In the order of `docs/rules.md`. */
export const refusalToType = (seat: SeatView | undefined, nowMs: number): ErrorCode | undefined => {
  if (seat === undefined) return 'no_such_conversation'
  if (seat.isClosed) return 'forbidden'
  if (seat.isBanned) return 'banned'
  if (seat.role === undefined) return 'not_member'
  if (seat.isBlocked) return 'blocked'
  return (seat.mutedUntil ?? 0) > nowMs ? 'muted' : undefined
}
