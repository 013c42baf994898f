import { type Clock, Fault } from '@chat/runtime'
import { type KafkaBroker, openBroker, type ProtocolCall } from './patches.ts'

/**
 * One node over connections of its own. What was under way when a link is destroyed fails; a destroyed link never works
 * again: whoever holds it opens another. A call that outlives its limit destroys the link, because kafkajs would go on using
 * a socket whose request timed out. Throws Fault `log_unavailable`.
 */
export interface Link {
  readonly nodeId: number
  readonly address: Address
  isOpen(): boolean
  send<T>(call: ProtocolCall<T>, limitMs: number): Promise<T>
  /** For kafkajs' own calls: those of groups. */
  run<T>(action: (broker: KafkaBroker) => Promise<T>, limitMs: number): Promise<T>
  destroy(): void
}

export interface Address {
  readonly host: string
  readonly port: number
}

export interface LinkOptions {
  readonly nodeId: number
  readonly address: Address
  readonly clientId: string
  readonly clock: Clock
  readonly versions: unknown
}

export const connectionTimeoutMs = 3000
/** kafkajs' own limit; ours, given with each call, are shorter. */
const requestTimeoutMs = 10_000

/** Resolves once connected. `versions` in the answer spares the next link of the cluster a round trip. */
export const openLink = async (options: LinkOptions): Promise<{ readonly link: Link; readonly versions: unknown }> => {
  const { nodeId, address, clock } = options
  const { broker, destroy } = openBroker({
    ...address,
    clientId: options.clientId,
    connectionTimeoutMs,
    requestTimeoutMs,
    versions: options.versions,
  })
  let isOpen = true
  const close = (reason: string) => {
    if (!isOpen) return
    isOpen = false
    destroy(new Fault('log_unavailable', reason))
  }
  const limited = async <T>(run: Promise<T>, limitMs: number): Promise<T> => {
    const expired = Promise.withResolvers<never>()
    const cancel = clock.after(limitMs, () => {
      const reason = `broker ${address.host}:${address.port} did not answer within ${limitMs} ms`
      expired.reject(new Fault('log_unavailable', reason))
      close(reason)
    })
    try {
      return await Promise.race([run, expired.promise])
    } finally {
      cancel()
    }
  }
  const guarded = async <T>(start: () => Promise<T>, limitMs: number): Promise<T> => {
    if (!isOpen) throw new Fault('log_unavailable', `the connection to ${address.host}:${address.port} is closed`)
    try {
      return await limited(start(), limitMs)
    } catch (error) {
      if (isConnectionError(error)) close(`the connection to ${address.host}:${address.port} broke`)
      throw error
    }
  }
  await guarded(() => broker.connect(), connectionTimeoutMs)
  const link: Link = {
    nodeId,
    address,
    isOpen: () => isOpen,
    send: (call, limitMs) => guarded(() => broker.connectionPool.send(call), limitMs),
    run: (action, limitMs) => guarded(() => action(broker), limitMs),
    destroy: () => close(`the connection to ${address.host}:${address.port} was closed`),
  }
  return { link, versions: broker.versions }
}

/** kafkajs names its errors; those of the protocol (`type`) say nothing about the connection. */
const isConnectionError = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name.startsWith('KafkaJSConnection') ||
    error.name === 'KafkaJSRequestTimeoutError' ||
    error.name === 'KafkaJSLockTimeout')

/** The protocol's name of an error that kafkajs parsed, as `UNKNOWN_MEMBER_ID`. */
export const protocolErrorOf = (error: unknown): string | undefined =>
  error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : undefined

/** Any error of kafkajs as a Fault; ours pass. */
export const toFault = (error: unknown, what: string): Fault =>
  error instanceof Fault ? error : new Fault('log_unavailable', what, { cause: error })
