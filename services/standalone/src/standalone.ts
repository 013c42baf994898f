import { type Clock, Fault, type Health, type Service, sleep } from '@chat/runtime'

/** The three services of one process, and what they stand on. */
export interface Opened {
  readonly router: Service
  readonly projector: Service
  readonly connector: Service
  /** Releases what the services stand on. */
  close(): Promise<void>
}

interface Surroundings {
  readonly clock: Clock
  readonly health: Health
  /** After so long what the services stand on is released, drained or not: nothing may outlive the process. ms. */
  readonly drainTimeoutMs: number
}

/** How often a start looks whether every partition is restored, ms. */
const readyPollMs = 20

export interface Standalone extends Service {
  /** Aborted by the first `stop`. */
  readonly stopping: AbortSignal
}

/**
 * Opens what the services stand on, then starts whoever others wait for first; it stops in the other direction: the connector hands over
 * what it took, the router decides it, the projector keeps up to the end, and what they stood on is released. `start` resolves when all
 * are ready. `stop` at any moment of a start ends it, `open` by its signal, which must then leave nothing behind. It resolves when all is
 * released, and throws the first failure after that.
 */
export const createStandalone = (
  open: (signal: AbortSignal) => Promise<Opened>,
  { clock, health, drainTimeoutMs }: Surroundings,
): Standalone => {
  const stopping = new AbortController()
  const { signal } = stopping
  let opening: Promise<Opened> | undefined
  let stopped: Promise<void> | undefined

  const start = async () => {
    signal.throwIfAborted()
    opening ??= open(signal)
    const { router, projector, connector } = await opening
    for (const service of [router, projector, connector]) {
      signal.throwIfAborted()
      await service.start()
    }
    while (!health.isReady()) await sleep(clock, readyPollMs, signal)
  }

  const stop = async () => {
    stopping.abort()
    const opened = await opening?.catch(() => undefined) // Whoever started heard of the failure; nothing was left open.
    if (opened === undefined) return
    const failures: unknown[] = []
    const keep = (error: unknown) => void failures.push(error)
    await within(clock, drainTimeoutMs, drain(opened, keep)).catch(keep)
    await opened.close().catch(keep)
    if (failures.length > 0) throw failures[0]
  }

  return {
    stopping: signal,
    start,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

const drain = async ({ connector, router, projector }: Opened, onFailure: (error: unknown) => void): Promise<void> => {
  for (const service of [connector, router, projector]) await service.stop().catch(onFailure)
}

const within = async (clock: Clock, ms: number, running: Promise<void>): Promise<void> => {
  const late = Promise.withResolvers<never>()
  const fault = new Fault('drain_late', `the services did not stop within ${ms} ms`, { isRetryable: false })
  const cancel = clock.after(ms, () => late.reject(fault))
  try {
    await Promise.race([running, late.promise])
  } finally {
    cancel()
  }
}
