import type { Credentials } from '@chat/credentials'
import type { ReadModels } from '@chat/read-models'
import { type Clock, Fault, isFault, type Logger, type Random, type Service } from '@chat/runtime'
import { readWaitMs } from '@chat/schemas/protocol'
import type { Watermark } from '../watermark.ts'

/** Between two sweeps of one connector, ms; each is put off by up to as much again, so that connectors take turns. */
const sweepEveryMs = 60 * 60_000

interface SweepPorts {
  readonly credentials: Pick<Credentials, 'sweep'>
  readonly readModels: Pick<ReadModels, 'waitFor' | 'registered'>
  readonly watermark: Pick<Watermark, 'now'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly onFatal: (error: unknown) => void
}

/**
 * Takes away, about once an hour, credentials that made no user within a day. Who has a user is asked of a read model that has
 * passed the end of the log as of now: one that lies behind, or is being rebuilt, ends the sweep, and a later one goes on.
 */
export const createSweep = (ports: SweepPorts): Service => {
  const { credentials, readModels, watermark, clock, random, logger, onFatal } = ports
  let cancel = () => {}
  let running: Promise<void> = Promise.resolve()
  let isStopped = false

  const registered = async (ids: readonly string[]): Promise<ReadonlySet<string>> => {
    if (isStopped) throw new Fault('unavailable', 'stopping')
    if (!(await readModels.waitFor(await watermark.now(), readWaitMs)))
      throw new Fault('read_models_behind', 'the read models do not hold all that is in the log')
    const known = await readModels.registered(ids)
    if (known === undefined) throw new Fault('read_models_behind', 'events are parked: who has a user is not known')
    return known
  }

  const sweep = async () => {
    try {
      const removed = await credentials.sweep(clock.now(), registered)
      if (removed > 0) logger.info({ removed }, 'credentials without a user removed')
    } catch (error) {
      if (!isFault(error)) throw error
      logger.warn({ err: error }, 'credentials without a user not removed')
    }
  }

  const schedule = () => {
    cancel = clock.after(sweepEveryMs * (1 + random.fraction()), () => {
      running = sweep().catch(onFatal)
      void running.then(() => {
        if (!isStopped) schedule()
      })
    })
  }

  return {
    start: async () => schedule(),
    stop: async () => {
      isStopped = true
      cancel()
      await running
    },
  }
}
