/** Everything that the SDK needs of its surroundings. `platform.ts` has those of browsers and Node; each can be given to `createClient`. */
export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly openSocket: OpenSocket
  readonly fetchJson: FetchJson
  readonly storage: Storage
}

export interface Clock {
  /** Wall clock, ms since the epoch. */
  now(): number
  /** Calls `run` once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void
}

export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number
  bytes(count: number): Uint8Array
}

/** Opens a WebSocket. `closed` is called exactly once, whether it ever opened or not, and nothing after it. */
export type OpenSocket = (url: string, protocol: string, listener: SocketListener) => Socket

export interface Socket {
  /** Only after `opened`. */
  send(text: string): void
  close(): void
}

export interface SocketListener {
  opened(): void
  received(text: string): void
  closed(code: number): void
}

/** One HTTP request with a JSON body. Rejects when there is no answer within 30 s; an answer that is no JSON has no body. */
export type FetchJson = (
  url: string,
  request: HttpRequest,
) => Promise<{ readonly status: number; readonly body: unknown }>

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly token?: string
  readonly body?: object
}

/**
 * Keeps the session and the unsent messages over a restart or a reload of the page. A saved value is what the next load gives; of
 * saves that overlap the client makes only one at a time. One storage belongs to one device: two clients at once must not share it.
 */
export interface Storage {
  load(key: string): Promise<string | undefined>
  /** `undefined` removes. */
  save(key: string, value: string | undefined): Promise<void>
}
