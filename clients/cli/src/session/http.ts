import type { Clock, FetchJson, HttpRequest } from '@chat/sdk'
import { Exit, exitCode } from '../exit.ts'

/** One HTTP request to the server, tried again as far as that is safe and can help. Throws Exit. */
export interface Http {
  /** `isRepeatable`: doing it twice is like doing it once, so that it may be sent again when no answer came. */
  call(path: string, request: HttpRequest, isRepeatable: boolean): Promise<unknown>
}

/** Pauses before the next tries of a request that nobody answered, ms. */
const retryPausesMs = [250, 1_000]
/** What the server says that passes by itself. */
const passing: ReadonlySet<string> = new Set(['rate_limited', 'unavailable', 'timeout'])
const retryDefaultMs = 500

export interface HttpOptions {
  readonly url: string
  readonly fetchJson: FetchJson
  readonly clock: Clock
  readonly stopped: AbortSignal
  /** How long one request may be put off by a server that says "later", ms. */
  readonly patienceMs: number
  /** Hears of each time that a request is put off because of a rate. */
  readonly onRateLimited?: (retryAfterMs: number) => void
}

export const createHttp = (options: HttpOptions): Http => {
  const { url, fetchJson, clock, stopped, patienceMs } = options
  const base = url.replace(/\/+$/, '')
  const attempt = async (path: string, request: HttpRequest, isRepeatable: boolean) => {
    for (const pauseMs of isRepeatable ? retryPausesMs : []) {
      try {
        return await fetchJson(`${base}${path}`, request)
      } catch {
        await pause(clock, pauseMs, stopped) // The last try says why.
      }
    }
    try {
      return await fetchJson(`${base}${path}`, request)
    } catch (error) {
      throw new Exit(exitCode.unreachable, 'unreachable', `no answer from ${base}: ${reasonOf(error)}`)
    }
  }
  return {
    call: async (path, request, isRepeatable) => {
      const deadline = clock.now() + patienceMs
      for (;;) {
        if (stopped.aborted) throw interrupted()
        const { status, body } = await attempt(path, request, isRepeatable)
        if (status >= 200 && status < 300) return body
        const refusal = refusalOf(status, body, base)
        const waitMs = refusal.retryAfterMs ?? retryDefaultMs
        if (!passing.has(refusal.code) || clock.now() + waitMs > deadline) throw refusal
        if (refusal.code !== 'rate_limited' && !isRepeatable) throw refusal
        if (refusal.code === 'rate_limited') options.onRateLimited?.(waitMs)
        await pause(clock, waitMs, stopped)
      }
    },
  }
}

/** What is no problem of the protocol comes from something in between, or from another server. */
const refusalOf = (status: number, body: unknown, base: string): Exit => {
  const { code, detail, retryAfterMs } = (body ?? {}) as Partial<{ code: string; detail: string; retryAfterMs: number }>
  if (typeof code !== 'string')
    return new Exit(exitCode.unreachable, 'unreachable', `${base} answers HTTP ${status}: no chat server`)
  const message = typeof detail === 'string' ? detail : code
  const exit = code === 'unauthorized' ? exitCode.loggedOut : exitCode.refused
  return new Exit(exit, code, message, typeof retryAfterMs === 'number' ? retryAfterMs : undefined)
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}

/** Ends early when the program is to stop: throws Exit then. */
const pause = (clock: Clock, ms: number, stopped: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      cancel()
      reject(interrupted())
    }
    if (stopped.aborted) return reject(interrupted())
    const cancel = clock.after(ms, () => {
      stopped.removeEventListener('abort', stop)
      resolve()
    })
    stopped.addEventListener('abort', stop, { once: true })
  })

const interrupted = (): Exit => new Exit(exitCode.interrupted, 'interrupted', 'interrupted')
