import type { PartitionState, Wire } from '@chat/domain'
import { type Backoff, isFault, type Logger, retry, sleep } from '@chat/runtime'
import type { RouterMetrics } from './metrics.ts'
import { bytesOf, type DumpChain } from './snapshot-catalogue.ts'
import { type Restored, readSnapshot } from './snapshot-reader.ts'
import { type Place, type SnapshotWriterPorts, type WrittenDump, writeDump } from './snapshot-writer.ts'
import type { Turns } from './turns.ts'

/** How often it is looked whether a dump is due, ms. */
const checkEveryMs = 10_000
/** What happened is dumped after so long even if it is little, ms. */
const dumpEveryMs = 60 * 60 * 1000
/** A full dump at least so often, ms: chains must be younger than the 48 hours that the topic is kept. */
const fullEveryMs = 20 * 60 * 60 * 1000
/** Deltas may come to as many bytes as their full dump, or so many: then a full one costs a restart less. */
const deltaBytesMin = 1024 * 1024
/** After a failure, ms. */
const retryAfterMs = 60_000
/** Reading snapshots only saves time: after so long all events are read instead, ms. */
const readTimeoutMs = 60_000
const readBackoff: Backoff = { firstMs: 50, maxMs: 1000 }

/** The snapshots of one partition. Nothing that goes wrong with them stops it. */
export interface Snapshots {
  /** The newest usable state; undefined: all events must be read. Rejects only when aborted. */
  restore(signal: AbortSignal): Promise<PartitionState | undefined>
  /** Writes a dump of `state` whenever one is due, until aborted. */
  writeUntil(state: PartitionState, signal: AbortSignal): Promise<void>
}

export interface SnapshotPorts extends SnapshotWriterPorts {
  readonly wire: Wire
  readonly logger: Logger
  readonly metrics: RouterMetrics
  /** One dump of a process at a time. */
  readonly turns: Turns
  /** A dump is due after so many records of the log. */
  readonly snapshotEvents: number
}

/** What is on the log of our dumps, as far as the next one depends on it. Times are the clock's monotonic ones. */
interface Written {
  readonly place: Place
  readonly atMs: number
  readonly fullAtMs: number
  readonly fullBytes: number
  readonly deltaBytes: number
}

export const createSnapshots = (partition: number, ports: SnapshotPorts): Snapshots => {
  const { clock, logger, metrics, turns, snapshotEvents } = ports
  const beganMs = clock.monotonic()
  let written: Written | undefined

  const restore = async (signal: AbortSignal): Promise<PartitionState | undefined> => {
    const found = await readWithin(partition, ports, signal)
    if (found === undefined) return undefined
    written = writtenOf(found.chain)
    const { nextPos } = found.state.head
    logger.info({ pos: nextPos, dumps: found.chain.length, bytes: bytesOf(found.chain) }, 'snapshot read')
    return found.state
  }

  const writtenOf = (chain: DumpChain): Written | undefined => {
    const [full, tip] = [chain[0], chain.at(-1)]
    if (full === undefined || tip === undefined) return undefined
    const nowMs = clock.monotonic()
    return {
      place: { pos: tip.begun.lastPos, chain: tip.begun.chain },
      atMs: nowMs,
      // The log's clock and ours may differ: it only decides when the next one is written.
      fullAtMs: nowMs - Math.max(0, clock.now() - full.atMs),
      fullBytes: full.bytes,
      deltaBytes: bytesOf(chain) - full.bytes,
    }
  }

  const dueNow = ({ head }: PartitionState): 'full' | 'delta' | undefined => {
    const nowMs = clock.monotonic()
    const news = head.lastPos - (written?.place.pos ?? -1)
    const isDue = news > 0 && (news >= snapshotEvents || nowMs - (written?.atMs ?? beganMs) >= dumpEveryMs)
    if (written === undefined) return isDue ? 'full' : undefined
    if (nowMs - written.fullAtMs >= fullEveryMs) return 'full'
    if (!isDue) return undefined
    return written.deltaBytes >= Math.max(written.fullBytes, deltaBytesMin) ? 'full' : 'delta'
  }

  const write = async (state: PartitionState, kind: 'full' | 'delta', signal: AbortSignal): Promise<void> => {
    const startedMs = clock.monotonic()
    const dump = await writeDump(state, kind === 'full' ? undefined : written?.place, ports, signal)
    const nowMs = clock.monotonic()
    written = afterDump(written, dump, kind, nowMs)
    metrics.snapshotMs.observe({ kind }, nowMs - startedMs)
    metrics.snapshotBytes.inc({ kind }, dump.bytes)
    const { place, parts, bytes } = dump
    logger.info({ kind, pos: place.pos, parts, bytes, ms: Math.round(nowMs - startedMs) }, 'snapshot written')
  }

  /** Returns how long to wait. */
  const attempt = async (state: PartitionState, signal: AbortSignal): Promise<number> => {
    const kind = dueNow(state)
    if (kind === undefined) return checkEveryMs
    try {
      await turns(() => write(state, kind, signal), signal)
      return checkEveryMs
    } catch (error) {
      if (signal.aborted) return 0
      metrics.snapshotFailures.inc()
      if (isFault(error)) logger.warn({ err: error }, 'snapshot not written, tried again later')
      else logger.error({ err: error }, 'snapshot not written, tried again later')
      return retryAfterMs
    }
  }

  return {
    restore,
    writeUntil: async (state, signal) => {
      while (!signal.aborted) {
        const waitMs = await attempt(state, signal)
        await sleep(clock, waitMs, signal).catch(() => {}) // Only an abort ends the wait early.
      }
    },
  }
}

const afterDump = (
  before: Written | undefined,
  { place, bytes }: WrittenDump,
  kind: 'full' | 'delta',
  atMs: number,
): Written =>
  kind === 'delta' && before !== undefined
    ? { ...before, place, atMs, deltaBytes: before.deltaBytes + bytes }
    : { place, atMs, fullAtMs: atMs, fullBytes: bytes, deltaBytes: 0 }

const readWithin = async (
  partition: number,
  ports: SnapshotPorts,
  signal: AbortSignal,
): Promise<Restored | undefined> => {
  const { clock, random, logger } = ports
  const timeout = new AbortController()
  const cancel = clock.after(readTimeoutMs, () => timeout.abort(new Error(`not read within ${readTimeoutMs} ms`)))
  const both = AbortSignal.any([signal, timeout.signal])
  try {
    return await retry(() => readSnapshot(partition, ports, both), {
      ...{ clock, random, backoff: readBackoff, signal: both },
      isRetryable: (error) => isFault(error) && error.isRetryable,
      onRetry: () => {},
    })
  } catch (error) {
    signal.throwIfAborted()
    logger.warn({ err: error }, 'snapshots cannot be read, reading all events')
    return undefined
  } finally {
    cancel()
  }
}
