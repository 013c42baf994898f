import type { Clock, FetchJson, HttpRequest, Random } from '@chat/sdk'
import type { SavedLogin, SessionFile } from './session/session-file.ts'
import type { Surroundings } from './surroundings.ts'

/** What a test sees of a run, and what it decides. */
export interface TestSurroundings extends Surroundings {
  readonly written: string[]
  readonly told: string[]
  readonly requests: (HttpRequest & { readonly url: string })[]
  readonly file: SessionFile
  /** ms that were waited. */
  waitedMs(): number
}

export type TestAnswer = { readonly status: number; readonly body: unknown } | Error

interface TestOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly answer?: (path: string, request: HttpRequest) => TestAnswer
  readonly piped?: string
  readonly login?: SavedLogin
  readonly stopped?: AbortSignal
}

export const testUrl = 'http://chat.test'
export const startMs = Date.UTC(2026, 0, 1)

export const testUser = { id: 7, name: 'ann', displayName: 'Ann', createdAt: '2026-01-01T00:00:00.000Z' }

/** Good for `goodMs` from the start. */
export const testLogin = (goodMs = 15 * 60_000, accessToken = 'access'): SavedLogin => ({
  url: testUrl,
  device: '11111111-1111-4111-8111-111111111111',
  session: {
    user: testUser,
    accessToken,
    accessExpiresAt: new Date(startMs + goodMs).toISOString(),
    refreshToken: `refresh of ${accessToken}`,
    socketUrl: 'ws://chat.test/v1/socket',
  },
})

export const createTestSurroundings = (options: TestOptions = {}): TestSurroundings => {
  const written: string[] = []
  const told: string[] = []
  const requests: TestSurroundings['requests'] = []
  const clock = createJumpingClock()
  const file = createMemorySessionFile(options.login)
  const answer = options.answer ?? (() => new Error('nobody there'))
  const fetchJson: FetchJson = async (url, request) => {
    requests.push({ url, ...request })
    const given = answer(url.replace(testUrl, ''), request)
    if (given instanceof Error) throw given
    return given
  }
  return {
    ...{ written, told, requests, file, clock, fetchJson, random: zeroRandom },
    waitedMs: () => clock.now() - startMs,
    env: { CHAT_HOME: '/home', CHAT_URL: testUrl, ...options.env },
    openSessionFile: () => file,
    input: { isTTY: false, text: async () => options.piped ?? '', secret: async () => undefined },
    output: { isTTY: false, write: (text) => void written.push(text) },
    errors: { isTTY: false, write: (text) => void told.push(text) },
    stopped: options.stopped ?? new AbortController().signal,
  }
}

/** Nobody waits: what is to be done later is done at once, at that time. */
const createJumpingClock = (): Clock => {
  let nowMs = startMs
  return {
    now: () => nowMs,
    after: (ms, run) => {
      let isCancelled = false
      queueMicrotask(() => {
        if (isCancelled) return
        nowMs += ms
        run()
      })
      return () => {
        isCancelled = true
      }
    },
  }
}

const zeroRandom: Random = { fraction: () => 0, bytes: (count) => new Uint8Array(count) }

/** The twin of `createSessionFile` in memory. */
export const createMemorySessionFile = (login?: SavedLogin): SessionFile => {
  let saved = login
  let position: string | undefined
  let turn: Promise<unknown> = Promise.resolve()
  return {
    load: async () => saved,
    save: async (next) => {
      saved = next
    },
    remove: async () => {
      saved = undefined
      position = undefined
    },
    exclusively: (work) => {
      const done = turn.then(work)
      turn = done.catch(() => {}) // Whoever asked for it sees it.
      return done
    },
    loadPosition: async () => position,
    savePosition: async (next) => {
      position = next
    },
  }
}
