import { type Backoff, type Clock, type Logger, type Random, retry, sleep } from '@chat/runtime'

/** One thing that must be there before processes start. Repeating it changes nothing. */
export interface Step {
  /** As an operator calls it: "topics in kafka". */
  readonly name: string
  run(): Promise<void>
}

const backoff: Backoff = { firstMs: 100, maxMs: 3_000 }
/** A try that began before the deadline may take this much longer, ms. */
const lastTryMs = 10_000
/** How often a step that still waits says so, tries. The first one always does. */
const sayEvery = 10

/**
 * Runs all steps side by side; what is away (an error with `isRetryable`) is tried again until `waitMs` passed. Resolves when all are
 * done; otherwise throws one error that names every step that failed and why. A step that is then still under way goes on.
 */
export const initialise = async (
  steps: readonly Step[],
  options: { readonly clock: Clock; readonly random: Random; readonly logger: Logger; readonly waitMs: number },
): Promise<void> => {
  const { clock, random, logger, waitMs } = options
  const deadline = clock.monotonic() + waitMs
  const runStep = async ({ name, run }: Step): Promise<void> => {
    await retry(run, {
      clock,
      random,
      backoff,
      isRetryable: (error) => isRetryable(error) && clock.monotonic() < deadline,
      onRetry: (error, attempt) => {
        if (attempt % sayEvery === 0) logger.info({ step: name, attempt, reason: reasonOf(error) }, 'waiting')
      },
    })
    logger.info({ step: name }, 'done')
  }
  const timeout = new AbortController()
  const tooLate = async (): Promise<void> => {
    await sleep(clock, waitMs + lastTryMs, timeout.signal)
    throw new Error(`not done after ${waitMs / 1_000} s`)
  }
  // A step may wait for its server by itself: the limit holds for it as well.
  const outcomes = await Promise.allSettled(steps.map((step) => Promise.race([runStep(step), tooLate()])))
  timeout.abort()
  const failures = outcomes.flatMap((outcome, index) =>
    outcome.status === 'rejected' ? [`${steps[index]?.name}: ${reasonOf(outcome.reason)}`] : [],
  )
  if (failures.length > 0) throw new Error(`init failed\n  ${failures.join('\n  ')}`)
}

const isRetryable = (error: unknown): boolean =>
  error instanceof Error && 'isRetryable' in error && error.isRetryable === true

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${causeOf(error.cause)})` : error.message
}

/** A connection refused on several addresses has an empty message and a code. */
const causeOf = (cause: Error): string => (cause.message === '' && 'code' in cause ? String(cause.code) : cause.message)
