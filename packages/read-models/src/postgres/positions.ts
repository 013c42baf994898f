import { type Cancel, type Clock, isFault, type Logger } from '@chat/runtime'
import type { Position, ReadModels, Source } from '../index.ts'
import type { Session } from './database.ts'
import { liveSchema } from './migrate.ts'

/** How often the offsets are read while somebody waits, ms. */
const pollMs = 20

interface Waiter {
  readonly source: Source
  readonly positions: readonly Position[]
  readonly settle: (isReached: boolean) => void
}

export interface Positions {
  readonly waitFor: ReadModels['waitFor']
  readonly waitForReceipts: ReadModels['waitForReceipts']
  /** Ends every wait with false. */
  close(): void
}

/** Waits for positions: one poller a process, and none while nobody waits. */
export const createPositions = (options: {
  readonly session: Session
  readonly clock: Clock
  readonly logger: Logger
}): Positions => {
  const { session, clock, logger } = options
  const waiters = new Set<Waiter>()
  let isPolling = false
  let isClosed = false

  const poll = async (): Promise<void> => {
    try {
      const reached = await readReached(session)
      for (const waiter of [...waiters]) if (isReached(waiter, reached)) waiter.settle(true)
    } catch (error) {
      if (!isFault(error)) throw error
      logger.debug({ err: error }, 'projection offsets not readable') // Whoever waits is answered false at its deadline.
    }
    if (waiters.size === 0) isPolling = false
    else clock.after(pollMs, () => void poll())
  }

  const waitForSource =
    (source: Source): ReadModels['waitFor'] =>
    (positions, timeoutMs, signal) =>
      new Promise((resolve) => {
        if (positions.length === 0) return resolve(true)
        if (isClosed || signal?.aborted) return resolve(false)
        let cancel: Cancel = () => {}
        const settle = (isReachedNow: boolean) => {
          if (!waiters.delete(waiter)) return
          cancel()
          signal?.removeEventListener('abort', giveUp)
          resolve(isReachedNow)
        }
        const giveUp = () => settle(false)
        const waiter = { source, positions, settle }
        waiters.add(waiter)
        cancel = clock.after(timeoutMs, giveUp)
        signal?.addEventListener('abort', giveUp, { once: true })
        if (isPolling) return
        isPolling = true
        void poll()
      })

  return {
    waitFor: waitForSource('events'),
    waitForReceipts: waitForSource('receipts'),
    close: () => {
      isClosed = true
      for (const waiter of [...waiters]) waiter.settle(false)
    },
  }
}

type Reached = Readonly<Record<Source, ReadonlyMap<number, number>>>

const readReached = async (session: Session): Promise<Reached> => {
  const found = await session.rows<{ source: Source; partition: number; next_offset: number }>(
    `select source, partition, next_offset from ${liveSchema}.projection_offsets`,
  )
  const of = (source: Source) =>
    new Map(found.flatMap((row) => (row.source === source ? [[row.partition, row.next_offset] as const] : [])))
  return { events: of('events'), receipts: of('receipts') }
}

const isReached = ({ source, positions }: Waiter, reached: Reached): boolean =>
  positions.every(({ partition, pos }) => pos < (reached[source].get(partition) ?? 0))
