import { isIPv6 } from 'node:net'
import { integer, type Setting } from '@chat/runtime'

/** Older wire protocols, a port each; 0: not spoken. `documented`: where their clients look for them. */
const listeners = {
  dialectJsonToidPort: { env: 'CHAT_DIALECT_JSON_TOID_PORT', documented: 8_001, at: 'json-toid on ' },
  dialectJsonToPort: { env: 'CHAT_DIALECT_JSON_TO_PORT', documented: 8_002, at: 'json-to on ' },
  dialectEnvelopePort: { env: 'CHAT_DIALECT_ENVELOPE_PORT', documented: 8_003, at: 'envelope on ' },
  dialectUnitPort: { env: 'CHAT_DIALECT_UNIT_PORT', documented: 8_004, at: 'unit on ' },
  /** Where clients of `action` connect, and where they ask for the least loaded connector. */
  dialectActionPort: { env: 'CHAT_DIALECT_ACTION_PORT', documented: 8_005, at: 'action on ws://' },
  dialectActionGatewayPort: {
    env: 'CHAT_DIALECT_ACTION_GATEWAY_PORT',
    documented: 8_888,
    at: 'action gateway on http://',
  },
} as const

type Listeners = typeof listeners
export type DialectPortNumbers = Readonly<Record<keyof Listeners, number>>
type PortSettings = Readonly<Record<keyof Listeners, Setting<number>>>

const names = Object.keys(listeners) as readonly (keyof Listeners)[]

const settingsWith = (defaultOf: (listener: Listeners[keyof Listeners]) => number): PortSettings =>
  Object.fromEntries(
    names.map((name) => {
      const { env } = listeners[name]
      return [name, integer({ env, default: defaultOf(listeners[name]), min: 0, max: 65_535 })]
    }),
  ) as PortSettings

/** Off unless a port is given. */
export const dialectPortSettings = settingsWith(() => 0)
/** All on, each at its documented port unless another one, or 0, is given. */
export const documentedPortSettings = settingsWith(({ documented }) => documented)

/** Which protocol is spoken where, a line each. */
export const dialectLines = ({ host, ...ports }: DialectPortNumbers & { readonly host: string }): readonly string[] => {
  const shown = isIPv6(host) ? `[${host}]` : host
  return names.flatMap((name) => (ports[name] === 0 ? [] : [`${listeners[name].at}${shown}:${ports[name]}`]))
}
