import { isIPv6 } from 'node:net'
import type { ConnectorInfo } from '@chat/presence'
import {
  databaseSettings,
  groupSettings,
  integer,
  kafkaSettings,
  oneOf,
  optionalText,
  processSettings,
  readSettings,
  redisSettings,
  registrySettings,
  text,
  url,
  worldSettings,
} from '@chat/runtime'
import type { TokenKeys } from './accounts/tokens.ts'
import { dialectPortSettings } from './dialects/dialect-settings.ts'
import type { LoginPolicy } from './login-policy.ts'

export { documentedPortSettings } from './dialects/dialect-settings.ts'

/** What the connector itself needs, however it is run. */
export interface ConnectorConfig {
  /** Part of its name among connectors; undefined: a random one. */
  readonly connectorId: string | undefined
  /** What clients reach this connector by: `socketUrl` is made of it. */
  readonly publicUrl: string
  readonly capacity: number
  readonly drainSpreadMs: number
  readonly limits: 'on' | 'off'
  readonly editWindowMs: number
  /** From so many members on a group is registered with presence. The same as the routers'. */
  readonly largeGroupMembers: number
  readonly tokenKeys: TokenKeys
  /** `many` unless it is said. */
  readonly loginPolicy?: LoginPolicy | undefined
  /** Where clients of the older protocol `action` reach this connector; undefined: nowhere. */
  readonly actionAddress?: ConnectorInfo['action']
}

/** Those of the connector itself; the standalone process reads them too. */
export const connectorSettings = {
  ...groupSettings,
  port: integer({ env: 'CHAT_PORT', default: 8080, min: 1, max: 65_535 }),
  /** A name or an address, IPv6 without brackets. 0.0.0.0 and :: open the port on all; clients then need a public URL. */
  host: text({ env: 'CHAT_HOST', default: '127.0.0.1' }),
  /** Default: http://host:port. Behind a proxy, what clients reach this very connector by. */
  publicUrl: url({ env: 'CHAT_PUBLIC_URL', protocols: ['http:', 'https:'], default: '' }),
  connectorId: optionalText({ env: 'CHAT_CONNECTOR_ID' }),
  /** Connections taken at most; more are told 4503. 20,000 idle ones are 320 MB. */
  capacity: integer({ env: 'CHAT_CAPACITY', default: 20_000, min: 1, max: 1_000_000 }),
  /** How long a stopping connector spreads its closes, ms. Long enough that 20,000 devices do not return at once; the whole stop stays within 25 s. */
  drainSpreadMs: integer({ env: 'CHAT_DRAIN_SPREAD_MS', default: 18_000, min: 0, max: 18_000 }),
  /** How many devices of a user may be connected at once: any number, only the first, only the newest. The same for all connectors. */
  loginPolicy: oneOf({ env: 'CHAT_LOGIN_POLICY', values: ['many', 'refuse', 'replace'], default: 'many' }),
  /** `off` lifts all rate limits: for load tests. */
  limits: oneOf({ env: 'CHAT_LIMITS', values: ['on', 'off'], default: 'on' }),
  /** How long after its posting a message may be edited, ms; 0: for ever. */
  editWindowMs: integer({ env: 'CHAT_EDIT_WINDOW_MS', default: 0, min: 0, max: 10 * 365 * 24 * 3_600_000 }),
  /** The keys of access tokens, the same for all connectors of a world; made when it is not there. */
  tokenKeyFile: text({ env: 'CHAT_TOKEN_KEY_FILE', default: '.chat/token-keys' }),
  /** Connections to PostgreSQL, at most, for each of read models and credentials. */
  databasePoolMax: integer({ env: 'CHAT_DATABASE_POOL_MAX', default: 8, min: 2, max: 100 }),
  /** Password hashes computed at once; each takes a thread of Node's pool (4) and 19 MiB. */
  hashesAtOnce: integer({ env: 'CHAT_HASHES_AT_ONCE', default: 2, min: 1, max: 16 }),
  /** Logins and registrations that may wait for a hash; more are refused `unavailable`. */
  hashQueueMax: integer({ env: 'CHAT_HASH_QUEUE_MAX', default: 200, min: 1, max: 10_000 }),
  /** The host application's own login: where its public keys are (JWKS), or a file with them (PEM, JWK or JWKS). */
  authJwksUrl: url({ env: 'CHAT_AUTH_JWKS_URL', protocols: ['http:', 'https:'], default: '' }),
  authKeyFile: optionalText({ env: 'CHAT_AUTH_JWT_KEY_FILE' }),
  /** What its tokens must say as `iss` and `aud`. */
  authIssuer: optionalText({ env: 'CHAT_AUTH_ISSUER' }),
  authAudience: optionalText({ env: 'CHAT_AUTH_AUDIENCE' }),
  /** The claims that the name and the display name of a new account come from. */
  authNameClaim: text({ env: 'CHAT_AUTH_NAME_CLAIM', default: 'preferred_username' }),
  authDisplayNameClaim: text({ env: 'CHAT_AUTH_DISPLAY_NAME_CLAIM', default: 'name' }),
  /** What is done about listed words: `mask` shows `*` for their characters, `refuse` also refuses what is written with them. */
  wordFilter: oneOf({ env: 'CHAT_WORD_FILTER', values: ['off', 'mask', 'refuse'], default: 'off' }),
  /** The folder of the word lists, one file `*.txt` a language. The same files at every connector. */
  wordFilterDir: text({ env: 'CHAT_WORD_FILTER_DIR', default: '' }),
  ...dialectPortSettings,
  /** The host that these clients are told to connect to. Default: that of the public URL. */
  dialectPublicHost: text({ env: 'CHAT_DIALECT_PUBLIC_HOST', default: '' }),
  /** And the port, where a proxy in front has another one than this connector. 0: that of the connector. */
  dialectPublicPort: integer({ env: 'CHAT_DIALECT_PUBLIC_PORT', default: 0, min: 0, max: 65_535 }),
  /** Its clients send no password: whether whoever says a name that has none is let in, and new names are registered so. */
  dialectActionOpen: oneOf({ env: 'CHAT_DIALECT_ACTION_OPEN', values: ['true', 'false'], default: 'false' }),
  /** Whether a proxy in front of the TCP ones says first whose connection it passes on (PROXY protocol 1). Nobody else may reach them then. */
  dialectProxyProtocol: oneOf({ env: 'CHAT_DIALECT_PROXY_PROTOCOL', values: ['on', 'off'], default: 'off' }),
  /** Between two frames to one of their clients, ms: they take what one read gives them for one message. */
  dialectPacingMs: integer({ env: 'CHAT_DIALECT_PACING_MS', default: 10, min: 0, max: 1_000 }),
  /** The times that they show are of this zone, by its IANA name. */
  dialectTimeZone: text({ env: 'CHAT_DIALECT_TIME_ZONE', default: 'UTC' }),
  /** Whether two accounts registered by them are friends at once when one adds the other: their clients cannot accept. */
  dialectAutofriend: oneOf({ env: 'CHAT_DIALECT_AUTOFRIEND', values: ['true', 'false'], default: 'true' }),
  /** Proxies in front of this process that set X-Forwarded-For. */
  trustedProxies: integer({ env: 'CHAT_TRUSTED_PROXIES', default: 0, min: 0, max: 16 }),
}

const settings = {
  ...worldSettings,
  ...kafkaSettings,
  ...redisSettings,
  ...databaseSettings,
  ...registrySettings,
  ...processSettings,
  ...connectorSettings,
}

/** Every problem in one ConfigError. Pure. */
export const readConfig = (env: Readonly<Record<string, string | undefined>>) => {
  const config = readSettings(settings, env, connectorProblems)
  return { ...config, ...addressesOf(config) }
}

/** What is wrong with settings that belong together. */
export const connectorProblems = (
  config: Partial<Address & ExternalLogin & WordLists & Dialects>,
): readonly string[] => [
  ...publicUrlProblems(config),
  ...externalLoginProblems(config),
  ...wordFilterProblems(config),
  ...dialectProblems(config),
]

interface Dialects {
  readonly dialectTimeZone: string
  readonly dialectPublicHost: string
}

const dialectProblems = ({ dialectTimeZone, dialectPublicHost = '' }: Partial<Dialects>): readonly string[] => [
  ...(dialectTimeZone === undefined || isTimeZone(dialectTimeZone)
    ? []
    : [`CHAT_DIALECT_TIME_ZONE must be a time zone like Asia/Shanghai, not ${JSON.stringify(dialectTimeZone)}`]),
  ...(dialectPublicHost === '' || isHost(dialectPublicHost)
    ? []
    : [`CHAT_DIALECT_PUBLIC_HOST must be a host without a port, not ${JSON.stringify(dialectPublicHost)}`]),
]

/** As it stands in a URL: an IPv6 address has brackets. */
const isHost = (host: string): boolean => {
  const url = URL.parse(`ws://${host}`)
  return url !== null && url.host === url.hostname && !/[/?#@]/.test(host)
}

const isTimeZone = (timeZone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

interface WordLists {
  readonly wordFilter: 'off' | 'mask' | 'refuse'
  readonly wordFilterDir: string
}

const wordFilterProblems = ({ wordFilter = 'off', wordFilterDir }: Partial<WordLists>): readonly string[] =>
  wordFilter !== 'off' && wordFilterDir === ''
    ? [`CHAT_WORD_FILTER_DIR is required with CHAT_WORD_FILTER ${wordFilter}`]
    : []

interface ExternalLogin {
  readonly authJwksUrl: string
  readonly authKeyFile: string | undefined
  readonly authIssuer: string | undefined
  readonly authAudience: string | undefined
}

const externalLoginProblems = (config: Partial<ExternalLogin>): readonly string[] => {
  const { authJwksUrl = '', authKeyFile, authIssuer, authAudience } = config
  const hasKeys = authJwksUrl !== '' || authKeyFile !== undefined
  if (authJwksUrl !== '' && authKeyFile !== undefined)
    return ['CHAT_AUTH_JWKS_URL and CHAT_AUTH_JWT_KEY_FILE: only one of them']
  if (!hasKeys)
    return authIssuer === undefined && authAudience === undefined
      ? []
      : ['CHAT_AUTH_JWKS_URL or CHAT_AUTH_JWT_KEY_FILE is required with CHAT_AUTH_ISSUER and CHAT_AUTH_AUDIENCE']
  return [
    ...(authIssuer === undefined ? ['CHAT_AUTH_ISSUER is required with an external login'] : []),
    ...(authAudience === undefined ? ['CHAT_AUTH_AUDIENCE is required with an external login'] : []),
  ]
}

/** The external login as configured; undefined: there is none. */
export const externalLoginOf = (config: ExternalLogin & ExternalClaims) => {
  const { authJwksUrl, authKeyFile: keyFile, authIssuer: issuer, authAudience: audience } = config
  if (issuer === undefined || audience === undefined) return undefined
  const { authNameClaim: nameClaim, authDisplayNameClaim: displayNameClaim } = config
  const jwksUrl = authJwksUrl === '' ? undefined : authJwksUrl
  return { jwksUrl, keyFile, issuer, audience, nameClaim, displayNameClaim }
}

interface ExternalClaims {
  readonly authNameClaim: string
  readonly authDisplayNameClaim: string
}

interface Address {
  readonly publicUrl: string
  readonly host: string
  readonly port: number
}

/** By what clients reach this connector. */
export const addressesOf = (config: Address & ActionAddress) => {
  const publicUrl = publicUrlOf(config)
  const { dialectActionPort, dialectPublicHost, dialectPublicPort } = config
  const host = dialectPublicHost === '' ? new URL(publicUrl).hostname : dialectPublicHost
  const port = dialectPublicPort === 0 ? dialectActionPort : dialectPublicPort
  return { publicUrl, ...(dialectActionPort === 0 ? {} : { actionAddress: { host, port } }) }
}

interface ActionAddress {
  readonly dialectActionPort: number
  readonly dialectPublicHost: string
  readonly dialectPublicPort: number
}

/** What clients reach this connector by: as configured, or where it listens. */
const publicUrlOf = ({ publicUrl, host, port }: Address): string =>
  publicUrl === '' ? `http://${isIPv6(host) ? `[${host}]` : host}:${port}` : publicUrl

/** What is wrong with that: clients would be sent to an address that leads nowhere, or only from this machine. */
const publicUrlProblems = ({ publicUrl, host, port }: Partial<Address>): readonly string[] => {
  if (publicUrl !== '' || host === undefined || port === undefined) return []
  // `URL` accepts brackets and listening does not.
  const url = host.startsWith('[') ? null : URL.parse(publicUrlOf({ publicUrl, host, port }))
  if (url === null) return [`CHAT_HOST must be a host name or an address without brackets, not ${JSON.stringify(host)}`]
  // The URL has one spelling of an address that has many.
  return url.hostname === '0.0.0.0' || url.hostname === '[::]'
    ? [`CHAT_PUBLIC_URL is required with CHAT_HOST ${host}: clients cannot connect to a wildcard address`]
    : []
}
