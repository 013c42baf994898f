import { addressesOf, connectorProblems, connectorSettings, documentedPortSettings } from '@chat/connector/config'
import { routerSettings } from '@chat/router/config'
import {
  databaseSettings,
  integer,
  kafkaSettings,
  oneOf,
  optionalText,
  processSettings,
  readSettings,
  registrySettings,
  text,
  worldSettings,
} from '@chat/runtime'

const settings = {
  ...worldSettings,
  ...processSettings,
  ...connectorSettings,
  ...routerSettings,
  /** Connections to the embedded database, at most, for each of read models and credentials: all together stay below its 50. */
  databasePoolMax: integer({ env: 'CHAT_DATABASE_POOL_MAX', default: 8, min: 2, max: 16 }),
  /** Default: `token-keys` in the data folder. */
  tokenKeyFile: optionalText({ env: 'CHAT_TOKEN_KEY_FILE' }),
  /** Everything that is kept: the database cluster and the token keys. Made if absent. */
  dataDir: text({ env: 'CHAT_DATA_DIR', default: '.chat' }),
  /** Quieter than the services: a person reads this terminal. */
  logLevel: oneOf({ env: 'CHAT_LOG_LEVEL', values: ['debug', 'info', 'warn', 'error', 'silent'], default: 'warn' }),
}

/** Every problem in one ConfigError. Pure. `dialects`: which older protocols are spoken, all or those whose port is given. */
export const readConfig = (
  env: Readonly<Record<string, string | undefined>>,
  { dialects }: { readonly dialects: 'all' | 'given' } = { dialects: 'given' },
) => {
  const spoken = dialects === 'all' ? { ...settings, ...documentedPortSettings } : settings
  const config = readSettings(spoken, env, connectorProblems)
  return { ...config, ...addressesOf(config) }
}

const localKafkaSettings = { ...worldSettings, ...kafkaSettings, ...databaseSettings, ...registrySettings }

/** What a command on this machine reads where the log is on Kafka. */
export const readLocalKafkaConfig = (env: Readonly<Record<string, string | undefined>>) =>
  readSettings(localKafkaSettings, env)

export type LocalKafkaConfig = ReturnType<typeof readLocalKafkaConfig>

/** And an import besides. */
export const readImportConfig = (env: Readonly<Record<string, string | undefined>>) =>
  readSettings({ ...localKafkaSettings, hashesAtOnce: connectorSettings.hashesAtOnce }, env)

export type StandaloneConfig = ReturnType<typeof readConfig>
