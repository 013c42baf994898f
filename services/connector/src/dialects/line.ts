import { type Clock, type Logger, type Random, sleep, uuidV7 } from '@chat/runtime'
import { closeCode, type ErrorFrame, type OkFrame } from '@chat/schemas/protocol'
import type { Answer, Socket, SocketEvents, SocketHandlers } from '../ports.ts'
import type { Numbers } from './old-numbers.ts'

/** What may help when it is asked again is, for so long, ms. */
export const askAgainMaxMs = 35_000
/** Unless the answer says when, ms. */
export const askAgainAfterMs = 300

/** Read models that are behind are asked again after this, ms, so often. */
const staleAgainMs = 300
const staleTriesMax = 30

export type LineAnswer = OkFrame | ErrorFrame
export type Push = Readonly<Record<string, unknown>> & { readonly op: string }

/**
 * A chat.v1 connection inside this process: what somebody of an older protocol is to the rest of the connector. So every rule, limit
 * and order is that of a socket, and none of it is written twice.
 */
export interface Line {
  /** One request. Never rejects: of a line that closed it is answered `unavailable`. */
  request(op: string, fields: object): Promise<LineAnswer>
  /** The same, again while that may help. A write must carry its clientMsgId: nothing then happens twice. */
  ask(op: string, fields: object): Promise<LineAnswer>
  newClientMsgId(): string
  close(): void
  readonly isOpen: boolean
}

export interface LineEvents {
  onPush(push: Push): void
  /** Closed by the connector; not called after `close`. */
  onClosed(): void
}

export interface LinePorts {
  /** Its user may have no other connection of this kind; false: as many as he likes. */
  readonly isExclusive?: boolean
  readonly accept: SocketHandlers['accept']
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

const openLine = (ports: LinePorts, remoteAddress: string, events: LineEvents): Line => {
  const { accept, clock, random, logger, isExclusive = true } = ports
  const waiting = new Map<number, (answer: LineAnswer) => void>()
  let nextRef = 1
  let isOpen = true
  /** Frames for a connector that does not read now. */
  let unread: string[] | undefined

  const take = (frame: LineAnswer | Push) => {
    if (!('ref' in frame)) return events.onPush(frame)
    const { ref } = frame as LineAnswer
    waiting.get(ref)?.(frame as LineAnswer)
    waiting.delete(ref)
  }

  const gone = (code: number) => {
    if (!isOpen) return
    isOpen = false
    // Later, because the connector may close a connection while it accepts it.
    queueMicrotask(() => connection.onClose(code))
    for (const [ref, answer] of waiting) answer(closedAnswer(ref))
    waiting.clear()
  }

  const socket: Socket = {
    remoteAddress,
    ...(isExclusive ? { isExclusive } : {}),
    send: (frame) => {
      if (!isOpen) return
      try {
        take(JSON.parse(frame.toString()))
      } catch (error) {
        // The connector tells many of an event: one that fails must not keep it from the others.
        logger.error({ err: error }, 'connection failed')
        socket.close(closeCode.internal, 'internal')
      }
    },
    // Whether the client lives is the business of its own connection.
    ping: () => queueMicrotask(() => isOpen && connection.onPong()),
    close: (code) => {
      if (!isOpen) return
      gone(code)
      queueMicrotask(() => events.onClosed())
    },
    pause: () => {
      unread ??= []
    },
    resume: () => {
      const frames = unread ?? []
      unread = undefined
      for (const frame of frames) send(frame)
    },
    bufferedBytes: () => 0,
  }
  const connection: SocketEvents = accept(socket)

  const send = (frame: string) => {
    if (unread !== undefined) unread.push(frame)
    else connection.onFrame(frame)
  }

  const request = (op: string, fields: object): Promise<LineAnswer> =>
    new Promise((resolve) => {
      const ref = nextRef++
      if (!isOpen) return resolve(closedAnswer(ref))
      waiting.set(ref, resolve)
      send(JSON.stringify({ op, ref, ...fields }))
    })

  return {
    request,
    ask: async (op, fields) => {
      const untilMs = clock.monotonic() + askAgainMaxMs
      for (;;) {
        const answer = await request(op, fields)
        if (answer.op === 'ok' || answer.retry !== 'later' || !isOpen) return answer
        const afterMs = answer.retryAfterMs ?? askAgainAfterMs
        if (clock.monotonic() + afterMs > untilMs) return answer
        await sleep(clock, afterMs)
      }
    },
    newClientMsgId: () => uuidV7(clock.now(), random),
    close: () => gone(1000),
    get isOpen() {
      return isOpen
    },
  }
}

const closedAnswer = (ref: number): ErrorFrame => ({
  ...{ op: 'error', ref, code: 'unavailable', message: 'the connection closed', retry: 'reconnect' },
})

/** Asks until the read models have caught up. */
export const askFresh = async (line: Line, clock: Clock, op: string, fields: object): Promise<LineAnswer> => {
  for (let tries = 0; ; tries++) {
    const answer = await line.ask(op, fields)
    if (answer.op === 'error' || !('stale' in answer) || tries >= staleTriesMax || !line.isOpen) return answer
    await sleep(clock, staleAgainMs)
  }
}

/** Somebody who is logged in, and his line. */
export interface LoggedIn {
  readonly line: Line
  readonly user: { readonly id: number; readonly name: string }
  /** Ends the session, once nothing is on the way any more. */
  readonly end: () => Promise<void>
}

/** Why somebody was not let in. `online`: by an older protocol he is connected already. */
export type Refused = 'badCredentials' | 'online' | 'suspended' | 'notNow'

/** Who logs in, as his client calls him, and what he knows. */
export type LoginCredentials = ({ readonly number: number } | { readonly name: string }) & { readonly password: string }

/** These protocols know the first two of them; the others are said in our words. */
export const ownReasons = {
  suspended: 'this account is suspended',
  notNow: 'not possible at the moment, try again',
} as const

/** Logs in and opens the line. Never rejects but for bugs. */
export const logInOnLine = async (
  ports: LinePorts & Pick<SocketHandlers, 'api'> & { readonly numbers: Numbers },
  credentials: LoginCredentials,
  remoteAddress: string,
  events: LineEvents,
): Promise<LoggedIn | Refused> => {
  const { api, clock, random, numbers } = ports
  // One of its own each time: the same device would put out the connection that is there, which is to stay.
  const device = uuidV7(clock.now(), random)
  const { password } = credentials
  const named = 'name' in credentials ? { name: credentials.name } : await numbered(credentials.number, numbers)
  if (named === undefined) return 'notNow'
  const answer = await api.logIn({ ...named, password, device }, remoteAddress)
  return enterOnLine(ports, { answer, device }, remoteAddress, events)
}

const numbered = async (number: number, numbers: Numbers): Promise<{ readonly userId: number } | undefined> => {
  const userId = await numbers.idOf('user', number)
  return userId === undefined ? undefined : { userId }
}

/** What the login of a device was answered. */
export interface Entry {
  readonly answer: Answer
  readonly device: string
}

/** Opens the line of somebody whose login was answered. Never rejects but for bugs. */
export const enterOnLine = async (
  ports: LinePorts & Pick<SocketHandlers, 'api'>,
  { answer, device }: Entry,
  remoteAddress: string,
  events: LineEvents,
): Promise<LoggedIn | Refused> => {
  const { api } = ports
  if ('error' in answer) return refusedOf(answer.error)
  const { accessToken: token, user } = answer.ok as { accessToken: string; user: LoggedIn['user'] }
  const identity = await api.authenticate(token)
  const end = async () => {
    if (identity !== undefined) await api.endSession(identity)
  }
  const line = openLine(ports, remoteAddress, events)
  const hello = await line.request('hello', { token, device })
  if (hello.op === 'ok') return { line, user, end }
  await end()
  return refusedOf(hello.code)
}

const refusedOf = (code: string): Refused => {
  switch (code) {
    case 'bad_credentials':
    case 'invalid':
      return 'badCredentials'
    case 'already_online':
      return 'online'
    case 'suspended':
      return 'suspended'
    default:
      return 'notNow'
  }
}
