import { type DialectConfig, type Spoken, spokenDialects } from '@chat/connector/dialects/spoken'
import type { TcpEvents, TcpSocket } from '@chat/connector/dialects/tcp-socket'
import { silentLogger } from '@chat/runtime'
import type { World } from './world.ts'

export type Message = Readonly<Record<string, unknown>>

/** A stock client of a JSON dialect without a network: it takes each 1,024 bytes for one C string. */
export interface JsonClient {
  /** Objects, each with its NUL; texts and bytes go as they are. */
  send(...messages: readonly (Message | string | Buffer)[]): void
  /** Our side ends. */
  end(): void
  /** The connection breaks. */
  cut(): void
  /** Reads nothing from now on, until `flow`. */
  stall(): void
  flow(): void
  readonly messages: readonly Message[]
  readonly frames: readonly Buffer[]
  readonly isOpen: boolean
}

const config: DialectConfig = {
  ...{ host: '127.0.0.1', capacity: 100, dialectJsonToidPort: 1, dialectJsonToPort: 2, dialectPacingMs: 10 },
  ...{ dialectTimeZone: 'UTC', dialectAutofriend: 'true' },
  ...{ dialectActionPort: 0, dialectActionGatewayPort: 0, dialectActionOpen: 'false' },
}

/** The dialects as each connector of the world has them. */
export const dialectsOf = (world: World, over: Partial<DialectConfig> = {}): readonly (readonly Spoken[])[] =>
  world.sockets.map(() => spokenDialects({ ...config, ...over }, { ...world, logger: silentLogger }))

export const connectJson = (
  world: World,
  dialects: readonly (readonly Spoken[])[],
  name: 'json-to' | 'json-toid',
  connector = 0,
): JsonClient => {
  const spoken = dialects[connector]?.find((one) => one.name === name)
  const handlers = world.sockets[connector]?.handlers
  if (spoken === undefined || handlers === undefined) throw new Error(`no ${name} at connector ${connector}`)
  const frames: Buffer[] = []
  let stalled: (() => void)[] | undefined
  let isOpen = true
  const gone = () => {
    if (!isOpen) return
    isOpen = false
    queueMicrotask(() => events.onGone())
  }
  const socket: TcpSocket = {
    remoteAddress: '127.0.0.1',
    write: (bytes, done) => {
      if (!isOpen) return
      const take = () => {
        frames.push(Buffer.from(bytes))
        done()
      }
      if (stalled === undefined) queueMicrotask(take)
      else stalled.push(take)
    },
    end: gone,
    destroy: gone,
    pause: () => {},
    resume: () => {},
  }
  const events: TcpEvents = spoken.serve(socket, handlers)
  return {
    send: (...messages) => {
      const parts = messages.map((message) =>
        typeof message === 'string' || Buffer.isBuffer(message) ? message : `${JSON.stringify(message)}\0`,
      )
      events.onBytes(Buffer.concat(parts.map((part) => Buffer.from(part))))
    },
    end: () => events.onEnd(),
    cut: gone,
    stall: () => {
      stalled ??= []
    },
    flow: () => {
      const takes = stalled ?? []
      stalled = undefined
      for (const take of takes) take()
    },
    frames,
    get messages() {
      return frames.map(parseFrame)
    },
    get isOpen() {
      return isOpen
    },
  }
}

/** As a stock client reads it: the C string of one read must be one object. */
const parseFrame = (frame: Buffer): Message => {
  const end = frame.indexOf(0)
  if (frame.length !== 1_024 || end < 1 || frame.subarray(end).some((byte) => byte !== 0))
    throw new Error(`no frame: ${frame.length} bytes, NUL at ${end}`)
  return JSON.parse(frame.subarray(0, end).toString('utf8'))
}
