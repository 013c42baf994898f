import { optionalText, readSettings, text } from '@chat/runtime'

/** Every problem in one ConfigError. Pure. */
export const readRecoverConfig = (env: Readonly<Record<string, string | undefined>>) =>
  readSettings(
    {
      databaseUrl: optionalText({ env: 'CHAT_DATABASE_URL' }),
      dataDir: text({ env: 'CHAT_DATA_DIR', default: '.chat' }),
    },
    env,
  )
