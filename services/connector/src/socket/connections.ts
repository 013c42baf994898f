import type { Claim } from '@chat/presence'
import { type Clock, every, type Random } from '@chat/runtime'
import type { Kick } from '@chat/schemas'
import { type CloseCode, closeCode, helloTimeoutMs } from '@chat/schemas/protocol'
import type { PushedEvent } from '../deliveries/pushed-event.ts'
import type { LoginClaim } from '../login-policy.ts'
import type { Socket, SocketEvents } from '../ports.ts'
import { Connection } from './connection.ts'
import type { ConnectionHome } from './connection-home.ts'
import type { ConnectionServices, Session } from './connection-services.ts'
import { claimOf, isOrdered, type OrderedSession } from './hello-order.ts'

/** How often heartbeats, hello deadlines and full queues are looked at, ms. One timer for all connections: each would cost memory. */
const tickMs = 1000
/** Steps in which a spread is made, ms. */
const spreadStepMs = 50

export interface Connections {
  start(): void
  stop(): void
  accept(socket: Socket): SocketEvents
  size(): number
  /** Those who said hello, each once. */
  users(): readonly number[]
  hasUser(user: number): boolean
  /** Of those who said hello; a session with several connections comes several times. */
  sessions(): readonly string[]
  /** Of those whose registration was acknowledged. */
  claims(): readonly LoginClaim[]
  /** Closes those that another device was preferred to. */
  lost(claims: readonly Claim[]): void
  push(users: readonly number[], event: PushedEvent): void
  /** To everybody who said hello. */
  pushAll(event: PushedEvent): void
  /** Pushes a frame that is no event to every connection of these users. */
  tell(users: readonly number[], frame: Buffer): void
  /** A hello elsewhere; returns ours when it was later, so that the other side can be told. */
  kick(kick: Kick): OrderedSession | undefined
  sessionsEnded(sessionIds: readonly string[]): void
  userSuspended(userId: number): void
  /** Tells those who are connected now. */
  announce(frame: Buffer): void
  /** Tells everybody, also who says hello later. */
  notice(frame: Buffer): void
  /** Everybody is told to sync, spread over `spreadMs`. */
  resyncAll(spreadMs: number): void
  /** The same of all connections of these users. */
  resyncUsers(users: readonly number[], spreadMs: number): void
  closeAll(code: CloseCode, reason: string): void
  /** Closes all, those with unanswered writes once they were answered, spread over `spreadMs`. */
  finishAll(code: CloseCode, reason: string, spreadMs: number): Promise<void>
}

export interface ConnectionsPorts {
  readonly clock: Clock
  readonly random: Random
  readonly services: () => ConnectionServices
  readonly onTick: () => void
  /** The connector's id, which is another one with each start: no two connections ever have the same name. */
  readonly idPrefix: () => string
  /** A connection of this session, by the number it had, went. It returns at once and does not throw. */
  readonly onLeft: (session: Session) => void
}

export const createConnections = (ports: ConnectionsPorts): Connections => {
  const { clock, random, services, onTick, idPrefix, onLeft } = ports
  const all = new Set<Connection>()
  const byUser = new Map<number, Connection[]>()
  /** Their queues are full. */
  const watched = new Set<Connection>()
  let nextId = 1
  let nowMs = clock.monotonic()
  let standingNotice: Buffer | undefined
  let cancelTick = () => {}

  const home: ConnectionHome<Connection> = {
    get nowMs() {
      return nowMs
    },
    newConnectionId: () => `${idPrefix()}.${nextId++}`,
    admit: (connection, session) => {
      const { userId, device } = session.identity
      const others = byUser.get(userId) ?? []
      for (const older of others) if (older.session?.identity.device === device) void older.replaced()
      byUser.set(userId, [...(byUser.get(userId) ?? []), connection])
    },
    welcomed: (connection) => {
      if (standingNotice !== undefined) connection.tell(standingNotice)
    },
    forget: (connection, session) => {
      all.delete(connection)
      watched.delete(connection)
      if (session === undefined) return
      services().presenceWatch.unwatch(connection, undefined)
      const { userId } = session.identity
      onLeft(session)
      const left = (byUser.get(userId) ?? []).filter((other) => other !== connection)
      if (left.length > 0) byUser.set(userId, left)
      else if (byUser.delete(userId)) {
        services().registrar.unregister(userId)
        services().largeGroups.leave(userId)
      }
    },
    watch: (connection) => void watched.add(connection),
  }

  const tick = () => {
    nowMs = clock.monotonic()
    const { heartbeatMs } = services()
    for (const connection of watched) checkQueue(connection)
    for (const connection of all) checkLife(connection, heartbeatMs)
    onTick()
  }

  const checkQueue = (connection: Connection) => {
    const found = connection.outbox.check(nowMs)
    if (found === 'full') return
    // While its queue is full we may not listen to it: that it reads is the sign of life.
    if (found === 'shrank') {
      connection.lastHeardMs = nowMs
      return
    }
    watched.delete(connection)
    if (found === 'drained') connection.drained()
    else connection.close(closeCode.slowReader, 'too slow a reader')
  }

  const checkLife = (connection: Connection, heartbeatMs: number) => {
    if (connection.isAwaitingHello) {
      if (nowMs - connection.openedMs >= helloTimeoutMs) connection.close(closeCode.helloMissing, 'no hello in time')
      return
    }
    // Whoever has enough to do is not listened to, and is not to blame; whoever does not read his answers is.
    if (connection.isDeaf && !connection.outbox.isFull) connection.lastHeardMs = nowMs
    if (nowMs - connection.lastHeardMs >= 2 * heartbeatMs)
      return connection.close(closeCode.heartbeatMissed, 'nothing heard')
    if (nowMs < connection.nextPingMs) return
    connection.nextPingMs = nowMs + heartbeatMs
    connection.ping()
  }

  /** Calls `run` for each of these connections that is still there at its turn. */
  const spread = (
    connections: readonly Connection[],
    spreadMs: number,
    run: (connection: Connection) => void,
  ): Promise<void> =>
    new Promise((resolve) => {
      const steps = Math.max(1, Math.floor(spreadMs / spreadStepMs))
      const perStep = Math.max(1, Math.ceil(connections.length / steps))
      let done = 0
      const step = () => {
        for (const connection of connections.slice(done, done + perStep)) if (all.has(connection)) run(connection)
        done += perStep
        if (done >= connections.length) resolve()
        else clock.after(spreadStepMs, step)
      }
      step()
    })

  return {
    start: () => {
      cancelTick = every(clock, tickMs, tick)
    },
    stop: () => cancelTick(),
    accept: (socket) => {
      const { heartbeatMs } = services()
      const connection = new Connection(socket, services(), home, nowMs + random.fraction() * heartbeatMs)
      all.add(connection)
      return connection
    },
    size: () => all.size,
    users: () => [...byUser.keys()],
    hasUser: (user) => byUser.has(user),
    claims: () =>
      [...all].flatMap(({ session }) => (session !== undefined && isOrdered(session) ? [claimOf(session)] : [])),
    lost: (claims) => {
      const names = new Set(claims.map(({ connection }) => connection))
      for (const connection of all)
        if (connection.connection !== undefined && names.has(connection.connection)) void connection.replaced()
    },
    sessions: () => [...all].flatMap(({ session }) => (session === undefined ? [] : [session.identity.sessionId])),
    push: (users, event) => {
      for (const user of users) {
        const connections = byUser.get(user)
        if (connections !== undefined) for (const connection of connections) connection.push(event)
      }
    },
    pushAll: (event) => {
      for (const connections of byUser.values()) for (const connection of connections) connection.push(event)
    },
    tell: (users, frame) => {
      for (const user of users) for (const connection of byUser.get(user) ?? []) connection.tell(frame)
    },
    kick: (kick) => {
      for (const connection of byUser.get(kick.user) ?? []) {
        if (connection.session?.identity.device !== kick.device) continue
        if (connection.session.connection === kick.connection) continue // Told to everybody: this is the newer one itself.
        const later = connection.saidHelloElsewhere(kick)
        if (later !== undefined) return later
      }
      return undefined
    },
    sessionsEnded: (sessionIds) => {
      const ended = new Set(sessionIds)
      for (const connection of all) {
        const { session } = connection
        if (session !== undefined && ended.has(session.identity.sessionId)) connection.sessionEnded()
      }
    },
    userSuspended: (userId) => {
      for (const connection of byUser.get(userId) ?? []) connection.close(closeCode.suspended, 'suspended')
    },
    announce: (frame) => {
      for (const connection of all) connection.tell(frame)
    },
    notice: (frame) => {
      standingNotice = frame
      for (const connection of all) connection.tell(frame)
    },
    resyncAll: (spreadMs) => void spread([...all], spreadMs, (connection) => connection.resync()),
    resyncUsers: (users, spreadMs) => {
      const theirs = users.flatMap((user) => byUser.get(user) ?? [])
      void spread(theirs, spreadMs, (connection) => connection.resync())
    },
    closeAll: (code, reason) => {
      for (const connection of all) connection.close(code, reason)
    },
    finishAll: async (code, reason, spreadMs) => {
      const finished: Promise<void>[] = []
      await spread([...all], spreadMs, (connection) => void finished.push(connection.finish(code, reason)))
      await Promise.all(finished)
    },
  }
}
