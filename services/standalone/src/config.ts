import { connectorSettings, publicUrlOf } from '@chat/connector/config'
import { routerSettings } from '@chat/router/config'
import { oneOf, processSettings, readSettings, text, worldSettings } from '@chat/runtime'

const settings = {
  ...worldSettings,
  ...processSettings,
  ...connectorSettings,
  ...routerSettings,
  /** Everything that is kept: the database cluster and the token keys. Made if absent. */
  dataDir: text({ env: 'CHAT_DATA_DIR', default: '.chat' }),
  /** Quieter than the services: a person reads this terminal. */
  logLevel: oneOf({ env: 'CHAT_LOG_LEVEL', values: ['debug', 'info', 'warn', 'error', 'silent'], default: 'warn' }),
}

/** Every problem in one ConfigError. Pure. */
export const readConfig = (env: Readonly<Record<string, string | undefined>>) => {
  const config = readSettings(settings, env)
  return { ...config, publicUrl: publicUrlOf(config) }
}

export type StandaloneConfig = ReturnType<typeof readConfig>
