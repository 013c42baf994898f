import { ChatError, disconnected } from './chat-error.ts'
import { type Connection, type ConnectionInput, newConnection, step } from './domain/connection.ts'
import { dialLine, type Frame, type Line } from './line.ts'
import type { Clock, OpenSocket, Random } from './ports.ts'
import type { FieldsOf, OkOf, Op } from './requests.ts'
import type { Session, Sessions } from './sessions.ts'

/** The connection at work: runs the effects of the pure machine, and says what the outcome was. */
export interface Link {
  state(): Connection
  start(): void
  /** Tries at once instead of at the end of the wait. */
  retry(): void
  stop(): void
  /** Gives the connection up and makes another one. */
  reconnect(): void
  /** Rejects with ChatError: the server's, or `disconnected`. */
  request<O extends Op>(op: O, fields: FieldsOf<O>): Promise<OkOf<O>>
}

export interface LinkListener {
  changed(state: Connection): void
  pushed(frame: Frame): void
}

interface LinkPorts {
  readonly clock: Clock
  readonly random: Random
  readonly openSocket: OpenSocket
  readonly sessions: Sessions
}

export const createLink = (ports: LinkPorts, listener: LinkListener): Link => {
  let state: Connection = newConnection
  let line: Line | undefined
  let ticket: Ticket | undefined
  let cancelWait = () => {}
  /** Preparations so far, and hang-ups: the outcome of one that is over is not heard. */
  let turn = 0

  const give = (input: ConnectionInput) => {
    const before = state
    const [next, effects] = step(state, input, ports.random.fraction())
    state = next
    for (const effect of effects) {
      if (effect.type === 'prepare') void prepare(effect.mustRenew)
      if (effect.type === 'dial') dial(effect.url)
      if (effect.type === 'wait') cancelWait = ports.clock.after(effect.ms, () => give({ type: 'retry' }))
      if (effect.type === 'hangUp') hangUp()
    }
    if (next.status !== before.status) listener.changed(next)
  }

  const hangUp = () => {
    turn++
    cancelWait()
    const hung = line
    line = undefined
    hung?.end(1000)
  }

  const prepare = async (mustRenew: boolean) => {
    const mine = ++turn
    const outcome = await getTicket(ports.sessions, mustRenew)
    if (mine !== turn) return
    if ('hello' in outcome) ticket = outcome
    give('hello' in outcome ? { type: 'prepared', urls: outcome.urls } : { type: 'unprepared', ...outcome })
  }

  const dial = (url: string) => {
    if (ticket === undefined) return
    const { clock, openSocket } = ports
    const dialled = dialLine(
      { url, clock, openSocket, hello: ticket.hello },
      {
        pushed: (frame) => {
          if (frame.op === 'notice' && typeof frame.reconnectWithinMs === 'number')
            give({ type: 'noticed', reconnectWithinMs: frame.reconnectWithinMs })
          listener.pushed(frame)
        },
        welcomed: () => give({ type: 'welcomed' }),
        refused: ({ code, retryAfterMs = 0 }) => give({ type: 'helloRefused', code, retryAfterMs }),
        ended: (code, livedMs) => {
          if (line !== dialled) return
          line = undefined
          give({ type: 'closed', code, livedMs })
        },
      },
    )
    line = dialled
  }

  return {
    state: () => state,
    start: () => {
      cancelWait()
      give({ type: 'start' })
    },
    retry: () => {
      cancelWait()
      give({ type: 'retry' })
    },
    stop: () => give({ type: 'stop' }),
    reconnect: () => line?.end(4500),
    request: (op, fields) =>
      line === undefined || state.status !== 'connected' ? Promise.reject(disconnected()) : line.request(op, fields),
  }
}

/** What a connection is made with. */
interface Ticket {
  readonly hello: { readonly token: string; readonly device: string }
  readonly urls: readonly string[]
}

const getTicket = async (
  sessions: Sessions,
  mustRenew: boolean,
): Promise<Ticket | { readonly isSessionOver: boolean }> => {
  let session: Session
  let device: string
  try {
    session = await sessions.fresh(mustRenew)
    device = await sessions.device()
  } catch (error) {
    return { isSessionOver: error instanceof ChatError && error.code === 'unauthorized' }
  }
  const { accessToken, socketUrl } = session
  // Whoever does not answer that may still take a socket.
  const urls = await sessions.connectors(session).catch(() => [socketUrl])
  return { hello: { token: accessToken, device }, urls }
}
