import { type Clock, type Random, randomId } from '@chat/runtime'
import { chainStart } from '@chat/schemas'
import type { Dump } from './dump.ts'
import { emptyFold, foldEvents, foldReceipts } from './fold.ts'
import type { Position, Projection, ProjectionOffset, ReadModels, Source } from './index.ts'
import { emptyRows, type MemoryRows, writeReceipts, writeRows } from './memory-rows.ts'
import { createMemorySnapshot } from './memory-snapshot.ts'
import { overtaken } from './overtaken.ts'
import { createQueries } from './queries.ts'

export { type Dump, differencesOf, linesOf } from './dump.ts'

/** The twin in memory: the fold of whatever is applied to its projection. */
export interface MemoryReadModels extends ReadModels {
  readonly projection: Projection
  dump(): Dump
  /** How far each partition is projected: the next offset. A partition that nothing was projected of is absent. */
  offsets(source: Source): ReadonlyMap<number, number>
}

export const createMemoryReadModels = (options: {
  readonly clock: Clock
  readonly random: Random
}): MemoryReadModels => {
  const rows = emptyRows(randomId(options.random))
  const snapshot = createMemorySnapshot(rows)
  const inTurn = createTurns()
  const waiting = createWaits(options.clock, rows)
  return {
    ...createQueries((_needs, query) => inTurn(() => query(snapshot)), waiting.forSource('events')),
    waitFor: waiting.forSource('events'),
    waitForReceipts: waiting.forSource('receipts'),
    projection: createMemoryProjection(rows, inTurn, waiting.wake),
    dump: () => ({
      users: [...rows.users.values()],
      conversations: [...rows.conversations.values()],
      memberships: [...rows.stays.values()].flatMap((stays) => [...stays.values()]),
      standings: [...rows.standings.values()],
      events_read: [...rows.events.values()].flat(),
      message_states: [...rows.messageStates.values()],
      reactions: [...rows.reactions.values()].flatMap((ofMessage) => [...ofMessage.values()]),
      words_by_hour: [...rows.words.values()],
      receipts: [...rows.receipts.values()],
      friendships: [...rows.friendships.values()],
      blocks: [...rows.blocks.values()],
      reports: [...rows.reports.values()],
      report_resolutions: [...rows.resolutions.values()],
      dialect_ids: [...rows.aliases.values()],
      parked: [...rows.parked],
    }),
    offsets: (source) =>
      new Map([...rows.offsets[source]].map(([partition, { nextOffset }]) => [partition, nextOffset])),
    close: async () => {},
  }
}

/** Those who wait for a place of a source; `wake` looks at all of them again. */
const createWaits = (clock: Clock, rows: MemoryRows) => {
  const waiting = new Set<() => void>()
  const forSource =
    (source: Source): ReadModels['waitFor'] =>
    (positions, timeoutMs, signal) =>
      new Promise((resolve) => {
        if (isProjected(rows, source, positions)) return resolve(true)
        const settle = (isReached: boolean) => {
          waiting.delete(look)
          cancel()
          signal?.removeEventListener('abort', giveUp)
          resolve(isReached)
        }
        const look = () => {
          if (isProjected(rows, source, positions)) settle(true)
        }
        const giveUp = () => settle(false)
        const cancel = clock.after(timeoutMs, giveUp)
        if (signal?.aborted) return giveUp()
        signal?.addEventListener('abort', giveUp, { once: true })
        waiting.add(look)
      })
  const wake = () => {
    for (const look of [...waiting]) look()
  }
  return { forSource, wake }
}

type InTurn = <T>(run: () => T | Promise<T>) => Promise<T>

/** One at a time, in order: a query sees one moment although it awaits, a batch lands between queries. */
const createTurns = (): InTurn => {
  let last: Promise<unknown> = Promise.resolve()
  return (run) => {
    const turn = last.then(run)
    last = turn.catch(() => {}) // Whoever asked for this turn hears of it; the next is not concerned.
    return turn
  }
}

const createMemoryProjection = (rows: MemoryRows, inTurn: InTurn, wake: () => void): Projection => {
  const offsetOf = (source: Source, partition: number): ProjectionOffset =>
    rows.offsets[source].get(partition) ?? { nextOffset: 0, lastPos: -1, chain: chainStart }

  const move = (source: Source, partition: number, from: number, to: ProjectionOffset) => {
    if (offsetOf(source, partition).nextOffset !== from) throw overtaken(source, partition, from) // [G7] [G8]
    rows.offsets[source].set(partition, to)
  }

  return {
    offset: async (source, partition) => offsetOf(source, partition),
    applyEvents: (batch) =>
      inTurn(() => {
        move('events', batch.partition, batch.from, batch.to)
        const state = rows.folds.get(batch.partition) ?? emptyFold()
        rows.folds.set(batch.partition, state)
        const folded = foldEvents(batch, state)
        writeRows(rows, folded)
        wake()
        return folded.failed
      }),
    applyReceipts: ({ partition, from, to, receipts }) =>
      inTurn(() => {
        move('receipts', partition, from, { nextOffset: to, lastPos: -1, chain: chainStart })
        writeReceipts(rows, foldReceipts(partition, receipts, rows.receipts))
        wake()
      }),
    close: async () => {},
  }
}

const isProjected = (rows: MemoryRows, source: Source, positions: readonly Position[]): boolean =>
  positions.every(({ partition, pos }) => pos < (rows.offsets[source].get(partition)?.nextOffset ?? 0))
