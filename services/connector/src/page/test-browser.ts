// biome-ignore-all lint/style/noRestrictedImports: for tests only.
import { createFakeClock, type FakeClock } from '@chat/testkit'
import { afterEach } from 'vitest'

type Json = Record<string, unknown>

/** The server's end of a socket that the page opened. */
interface FakeSocket {
  readonly url: string
  readonly protocol: string
  /** What the page sent, oldest first. */
  readonly sent: Json[]
  readonly isClosed: boolean
  /** The connection is there. */
  open(): void
  push(frame: Json): void
  /** Answers the newest request with this op. */
  answer(op: string, fields?: Json): void
  end(code: number): void
}

export interface Browser {
  readonly clock: FakeClock
  /** Of the tab. */
  readonly storage: Map<string, string>
  readonly sockets: FakeSocket[]
  /** HTTP requests, `METHOD path`, with body and headers. */
  readonly requests: { readonly line: string; readonly body: unknown; readonly headers: Json }[]
  /** What HTTP answers from now on. */
  respond(respond: (line: string) => { readonly status: number; readonly body?: Json }): void
  /** Names of locks that another tab holds. */
  readonly heldLocks: Set<string>
}

const replaced: (() => void)[] = []
afterEach(() => {
  for (const restore of replaced.splice(0).reverse()) restore()
})

const replace = (name: string, value: unknown) => {
  const before = Object.getOwnPropertyDescriptor(globalThis, name)
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  replaced.push(() => {
    if (before === undefined) Reflect.deleteProperty(globalThis, name)
    else Object.defineProperty(globalThis, name, before)
  })
}

/** What the page's modules find around them in a browser, until the end of the test. Timers follow the fake clock. */
export const openBrowser = (): Browser => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const storage = new Map<string, string>()
  const sockets: FakeSocket[] = []
  const requests: Browser['requests'] = []
  const heldLocks = new Set<string>()
  let respond: Parameters<Browser['respond']>[0] = () => ({ status: 503, body: { code: 'unavailable' } })

  replace('setTimeout', (run: () => void, ms: number) => ({ cancel: clock.after(ms, run) }))
  replace('clearTimeout', (timer: { cancel(): void } | undefined) => timer?.cancel())
  replace(
    'Date',
    class extends Date {
      static override now = () => clock.now()
    },
  )
  replace('document', { baseURI: 'http://chat.example/' })
  replace('sessionStorage', {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => void storage.set(key, value),
    removeItem: (key: string) => void storage.delete(key),
    clear: () => storage.clear(),
  })
  replace('navigator', {
    locks: {
      request: (name: string, _options: object, run: (lock: object | null) => unknown) =>
        run(heldLocks.has(name) ? null : { name }),
    },
  })
  replace('fetch', async (url: URL, options: { method?: string; body?: string; headers?: Json }) => {
    const line = `${options.method ?? 'GET'} ${url.pathname}`
    requests.push({ line, body: options.body && JSON.parse(options.body), headers: options.headers ?? {} })
    const { status, body } = respond(line)
    return { status, ok: status < 300, json: async () => body }
  })
  replace('WebSocket', createWebSocketClass(sockets))
  const answerBy: Browser['respond'] = (given) => {
    respond = given
  }
  return { clock, storage, sockets, requests, heldLocks, respond: answerBy }
}

const createWebSocketClass = (sockets: FakeSocket[]) =>
  class FakeWebSocket implements FakeSocket {
    static readonly OPEN = 1
    readonly sent: Json[] = []
    readonly url: string
    readonly protocol: string
    readyState = 0
    onopen: () => void = () => {}
    onmessage: (message: { data: string }) => void = () => {}
    onclose: (event: { code: number }) => void = () => {}

    constructor(url: string, protocol: string) {
      this.url = url
      this.protocol = protocol
      sockets.push(this)
    }
    // The page's side.
    send(frame: string) {
      this.sent.push(JSON.parse(frame))
    }
    close() {
      this.end(1000)
    }
    // The server's side.
    get isClosed() {
      return this.readyState === 3
    }
    open() {
      this.readyState = 1
      this.onopen()
    }
    push(frame: Json) {
      this.onmessage({ data: JSON.stringify(frame) })
    }
    answer(op: string, fields: Json = {}) {
      const request = this.sent.findLast((frame) => frame.op === op)
      if (request === undefined) throw new Error(`no ${op} was sent`)
      this.push({ op: 'ok', ref: request.ref, ...fields })
    }
    end(code: number) {
      if (this.readyState === 3) return
      this.readyState = 3
      this.onclose({ code })
    }
  }
