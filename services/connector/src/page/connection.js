import { createHeartbeat } from './heartbeat.js'
import { deviceId, freshSession, Problem, socketUrl } from './session.js'

/**
 * One socket that is opened again whenever it breaks, as the protocol's close codes ask. `request` sends a frame and resolves with
 * its `ok`; it throws the server's Problem, or Problem `disconnected` when the connection went before the answer came.
 */

const firstWaitMs = 500
const longestWaitMs = 30_000
const isOver = 'Your session has ended. Please log in.'

export const createConnection = ({ onOpen, onPush, onStatus, onEnded }) => {
  let ws
  let attempts = 0
  let isStopped = false
  let mustRenew = false
  let reconnectWithinMs
  let waiting
  const pending = createPending()
  const request = (op, fields = {}) =>
    ws?.readyState === WebSocket.OPEN
      ? pending.add((ref) => send({ op, ref, ...fields }))
      : Promise.reject(disconnected())
  const send = (frame) => ws.send(JSON.stringify(frame))
  const heartbeat = createHeartbeat({
    onSilence: () => request('ping').catch(() => {}), // Heard by `receive`, or `onDead` comes.
    onDead: () => closed(ws, 4510),
  })

  const connect = async () => {
    clearTimeout(waiting)
    onStatus('connecting')
    try {
      const session = await freshSession({ mustRenew })
      const url = attempts === 0 ? session.socketUrl : await socketUrl(session)
      if (!isStopped) open(url, session)
    } catch (error) {
      if (error instanceof Problem && error.code === 'unauthorized') onEnded(isOver)
      else connectLater()
    }
  }

  const open = (url, session) => {
    const opened = new WebSocket(url, 'chat.v1')
    ws = opened
    opened.onopen = () => hello(session)
    opened.onmessage = ({ data }) => receive(JSON.parse(data))
    opened.onclose = ({ code }) => closed(opened, code)
  }

  const hello = async (session) => {
    try {
      // No `sync` here: the request after it can also say which events are held.
      const ok = await request('hello', { token: session.accessToken, device: deviceId() })
      attempts = 0
      mustRenew = false
      heartbeat.every(ok.heartbeatMs)
      onStatus('connected')
      await onOpen()
    } catch {
      ws?.close() // A refused hello or a lost line: closing it starts the next try.
    }
  }

  const receive = (frame) => {
    heartbeat.heard()
    if (frame.op === 'ok' || frame.op === 'error') return pending.settle(frame)
    if (frame.op === 'notice') reconnectWithinMs = frame.reconnectWithinMs
    onPush(frame)
  }

  const closed = (which, code) => {
    if (which !== ws) return
    heartbeat.stop()
    ws = undefined
    which.close()
    pending.rejectAll()
    if (isStopped) return
    const reason = endOf(code, mustRenew)
    if (reason !== undefined) return onEnded(reason)
    // The token was bad or the session is over: a new token tells which.
    if (code === 4401) mustRenew = true
    connectLater()
  }

  /** Full jitter: thousands of devices that lost one server must not come back at once. */
  const connectLater = () => {
    if (isStopped) return
    const ceilingMs = reconnectWithinMs ?? Math.min(longestWaitMs, firstWaitMs * 2 ** attempts)
    reconnectWithinMs = undefined
    attempts++
    onStatus('waiting')
    waiting = setTimeout(connect, Math.random() * ceilingMs)
  }

  return {
    connect,
    request,
    stop: () => {
      isStopped = true
      clearTimeout(waiting)
      heartbeat.stop()
      ws?.close()
    },
  }
}

/** Requests that wait for their answer, by `ref`. */
const createPending = () => {
  const waiters = new Map()
  let nextRef = 1
  return {
    add: (send) =>
      new Promise((resolve, reject) => {
        const ref = nextRef++
        waiters.set(ref, { resolve, reject })
        send(ref)
      }),
    settle: (frame) => {
      const waiter = waiters.get(frame.ref)
      waiters.delete(frame.ref)
      if (frame.op === 'ok') waiter?.resolve(frame)
      else waiter?.reject(new Problem(frame))
    },
    rejectAll: () => {
      for (const { reject } of waiters.values()) reject(disconnected())
      waiters.clear()
    },
  }
}

const disconnected = () => new Problem({ code: 'disconnected', detail: 'not connected', retry: 'reconnect' })

/** Why this close is the last; undefined: it is not. */
const endOf = (code, hasRenewed) => {
  if (code === 4401) return hasRenewed ? isOver : undefined
  if (code === 4403) return 'This account is suspended.'
  if (code === 4409) return 'This device connected somewhere else.'
  return code === 1009 || (code >= 4400 && code < 4500) ? `The server ended the connection (${code}).` : undefined
}
