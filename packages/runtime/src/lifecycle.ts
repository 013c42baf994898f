import { isFault } from './fault.ts'
import type { Logger } from './logger.ts'

/** Long-lived things. `stop` is idempotent, waits for a start under way, and finishes what was accepted. */
export interface Service {
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts `service`, waits for SIGTERM, SIGINT or a fatal error, stops it within `stopTimeoutMs` and resolves with the exit code:
 * 0 after a clean stop, 1 after a fatal error or when the deadline passed. main.ts hands the code to process.exit.
 */
export const runUntilSignal = async (
  service: Service,
  options: { readonly stopTimeoutMs: number; readonly logger: Logger; readonly fatal: Promise<never> },
): Promise<number> => {
  const { logger } = options
  let release: (() => void) | undefined
  const signalled = new Promise<string>((resolve) => {
    const onSignal = (name: string) => resolve(name)
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
    release = () => process.off('SIGTERM', onSignal).off('SIGINT', onSignal)
  })
  let exitCode = 0
  const running = service.start().then(() => signalled)
  try {
    const reason = await Promise.race([running, signalled, options.fatal])
    logger.info({ reason }, 'stopping')
  } catch (error) {
    logger.error(whyOf(error), 'fatal')
    exitCode = 1
  }
  const deadline = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => deadline.reject(new Error(`stop took longer than ${options.stopTimeoutMs} ms`)),
    options.stopTimeoutMs,
  )
  try {
    await Promise.race([service.stop(), deadline.promise])
    logger.info({}, 'stopped')
  } catch (error) {
    logger.error({ err: error }, 'stop failed')
    exitCode = 1
  } finally {
    clearTimeout(timer)
    release?.()
  }
  return exitCode
}

/** Of what only a person can change a sentence says it all; of everything else the place in the code is wanted too. */
const whyOf = (error: unknown): object =>
  isFault(error) && !error.isRetryable ? { code: error.code, why: error.message } : { err: error }

/** A promise that a component rejects when the process can no longer do its work and must exit. */
export const createFatal = (): { readonly promise: Promise<never>; readonly raise: (error: unknown) => void } => {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => {}) // Raised before anybody waits: runUntilSignal still sees it; without this Node would exit first.
  return { promise, raise: reject }
}

/**
 * The exit code of a whole run: its own, or `failed` after its error was told on stderr in one line, 2 after Fault `usage`, 0 after Fault `help`, which is
 * told on stdout. Awaited at the top level of a main.ts, so that a run which Node leaves because nothing is pending any more ends with code 13, never with 0.
 */
export const exitCodeOf = async (running: Promise<number>, failed = 1): Promise<number> => {
  try {
    return await running
  } catch (error) {
    if (isFault(error, 'help')) {
      process.stdout.write(`${error.message}\n`)
      return 0
    }
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return isFault(error, 'usage') ? 2 : failed
  }
}
