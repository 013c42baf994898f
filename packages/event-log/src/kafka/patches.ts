import { createRequire } from 'node:module'
import { connect, type Socket } from 'node:net'
import { assert } from '@chat/runtime'

/*
 * The only file that reaches into kafkajs. It names the internals that the adapter uses, checks at load that they look as
 * they did in 2.2.4, and repairs what bites. Another version of kafkajs is a review of this file.
 */

const require = createRequire(import.meta.url)

interface RequestQueue {
  readonly pending: readonly unknown[]
  rejectAll(error: Error): void
}

interface Connection {
  readonly requestQueue: RequestQueue
  disconnect(): Promise<unknown>
}

/** A request and the reading of its answer, in the form that kafkajs sends. */
export interface ProtocolCall<T> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>
  }
  readonly response: { decode(payload: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<T> }
}

interface GroupMember {
  readonly memberId: string
  readonly memberMetadata: Buffer
}

/** What the adapter uses of kafkajs' `Broker`: one node, a connection for fetches and one for all else. */
export interface KafkaBroker {
  readonly versions: unknown
  readonly connectionPool: { readonly pool: readonly Connection[]; send<T>(call: ProtocolCall<T>): Promise<T> }
  connect(): Promise<void>
  findGroupCoordinator(options: {
    groupId: string
    coordinatorType: number
  }): Promise<{ coordinator: { nodeId: number; host: string; port: number } }>
  joinGroup(options: {
    groupId: string
    sessionTimeout: number
    rebalanceTimeout: number
    memberId: string
    groupProtocols: readonly { name: string; metadata: Buffer }[]
  }): Promise<{ generationId: number; leaderId: string; memberId: string; members: readonly GroupMember[] }>
  syncGroup(options: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[]
  }): Promise<{ memberAssignment: Buffer }>
  heartbeat(options: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>
  leaveGroup(options: { groupId: string; memberId: string }): Promise<unknown>
  describeGroups(options: {
    groupIds: readonly string[]
  }): Promise<{ groups: readonly { members: readonly unknown[] }[] }>
}

const version: unknown = require('kafkajs/package.json').version
assert(version === '2.2.4', `the Kafka adapter was written for kafkajs 2.2.4, found ${String(version)}`)

const Broker = require('kafkajs/src/broker')
const ConnectionPool = require('kafkajs/src/network/connectionPool')
const RequestQueueClass = require('kafkajs/src/network/requestQueue')
for (const [name, method] of [
  ['RequestQueue.scheduleCheckPendingRequests', RequestQueueClass.prototype.scheduleCheckPendingRequests],
  ['RequestQueue.rejectAll', RequestQueueClass.prototype.rejectAll],
  ['Broker.connect', Broker.prototype.connect],
  ['Broker.joinGroup', Broker.prototype.joinGroup],
  ['ConnectionPool.send', ConnectionPool.prototype.send],
]) {
  assert(typeof method === 'function', `kafkajs has no ${String(name)}`)
}

/**
 * kafkajs arms a timer after every answer, with a negative delay when nothing is throttled: a timer of 1 ms per connection
 * that never ends, and a TimeoutNegativeWarning. Armed only when a request waits; then its delay is never negative.
 */
const schedule: () => void = RequestQueueClass.prototype.scheduleCheckPendingRequests
RequestQueueClass.prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests(this: RequestQueue) {
  if (this.pending.length > 0) schedule.call(this)
}

const silent = { namespace: () => silent, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface OpenBrokerOptions {
  readonly host: string
  readonly port: number
  readonly clientId: string
  readonly connectionTimeoutMs: number
  readonly requestTimeoutMs: number
  /** Of another broker of the cluster: saves the round trip that asks for them. */
  readonly versions: unknown
}

/**
 * A kafkajs broker with sockets that we can destroy: kafkajs keeps a socket whose request timed out, waits for what is
 * under way before it disconnects, and leaves Nagle's algorithm on.
 */
export const openBroker = (
  options: OpenBrokerOptions,
): { readonly broker: KafkaBroker; destroy(error: Error): void } => {
  const sockets = new Set<Socket>()
  const socketFactory = ({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, onConnect)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  const broker: KafkaBroker = new Broker({
    logger: silent,
    versions: options.versions,
    authenticationTimeout: options.connectionTimeoutMs,
    allowAutoTopicCreation: false,
    connectionPool: new ConnectionPool({
      host: options.host,
      port: options.port,
      clientId: options.clientId,
      connectionTimeout: options.connectionTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      enforceRequestTimeout: true,
      logger: silent,
      socketFactory,
    }),
  })
  const destroy = (error: Error) => {
    for (const connection of broker.connectionPool.pool) {
      connection.requestQueue.rejectAll(error)
      void connection.disconnect()
    }
    for (const socket of sockets) socket.destroy()
  }
  return { broker, destroy }
}
