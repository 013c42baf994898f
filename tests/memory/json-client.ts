import { type DialectConfig, type Spoken, spokenDialects } from '@chat/connector/dialects/spoken'
import { silentLogger } from '@chat/runtime'
import { connectTcp } from './tcp-client.ts'
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

export const dialectConfig: DialectConfig = {
  ...{ host: '127.0.0.1', capacity: 100, dialectJsonToidPort: 1, dialectJsonToPort: 2, dialectPacingMs: 10 },
  ...{ dialectEnvelopePort: 3, dialectUnitPort: 4, dialectTimeZone: 'UTC', dialectAutofriend: 'true' },
  ...{ dialectActionPort: 0, dialectActionGatewayPort: 0, dialectActionOpen: 'false' },
  ...{ trustedProxies: 0, dialectProxyProtocol: 'off' },
}

/** The dialects as each connector of the world has them. */
export const dialectsOf = (world: World, over: Partial<DialectConfig> = {}): readonly (readonly Spoken[])[] =>
  world.sockets.map(() => spokenDialects({ ...dialectConfig, ...over }, { ...world, logger: silentLogger }))

export const connectJson = (
  world: World,
  dialects: readonly (readonly Spoken[])[],
  name: 'json-to' | 'json-toid',
  connector = 0,
): JsonClient => {
  const client = connectTcp(world, dialects, name, connector)
  return {
    send: (...messages) => {
      const parts = messages.map((message) =>
        typeof message === 'string' || Buffer.isBuffer(message) ? message : `${JSON.stringify(message)}\0`,
      )
      client.send(Buffer.concat(parts.map((part) => Buffer.from(part))))
    },
    end: client.end,
    cut: client.cut,
    stall: client.stall,
    flow: client.flow,
    frames: client.frames,
    get messages() {
      return client.frames.map(parseFrame)
    },
    get isOpen() {
      return client.isOpen
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
