import type { Clock, FetchJson, OpenSocket, Random } from './ports.ts'

/** What browsers and Node (22 and later) bring along. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
}

export const openWebSocket: OpenSocket = (url, protocol, listener) => {
  const socket = dialled(url, protocol)
  if (socket === undefined) {
    queueMicrotask(() => listener.closed(1006))
    return { send: () => {}, close: () => {} }
  }
  socket.onopen = () => listener.opened()
  socket.onmessage = ({ data }) => listener.received(String(data))
  socket.onclose = ({ code }) => listener.closed(code)
  return { send: (text) => socket.send(text), close: () => socket.close() }
}

/** An address that cannot be dialled from here (`ws:` from a page of `https:`) is one where nobody answers. */
const dialled = (url: string, protocol: string): WebSocket | undefined => {
  try {
    return new WebSocket(url, protocol)
  } catch {
    return undefined
  }
}

/** An answer may take this long, ms: more than the server gives a write. */
const answerTimeoutMs = 30_000

/** HTTP by `fetch`. `redirect: 'error'`: a request goes where it was asked to go, or nowhere. */
export const createFetchJson =
  ({ redirect = 'follow' }: { readonly redirect?: 'follow' | 'error' } = {}): FetchJson =>
  async (url, { method, token, body }) => {
    const response = await fetch(url, {
      method,
      redirect,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerTimeoutMs),
    })
    const text = await response.text()
    return { status: response.status, body: parsed(text) }
  }

/** What stands between client and server may answer with a page of its own; the status says enough. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
