import {
  healthHostSetting,
  healthPortSetting,
  integer,
  kafkaSettings,
  processSettings,
  readSettings,
  redisSettings,
  registrySettings,
  worldSettings,
} from '@chat/runtime'
import { idMax } from '@chat/schemas'

/** Those of the router itself; the standalone process reads them too. */
export const routerSettings = {
  /** The least id given to users and groups; counts only when a partition of the log is opened for the first time. */
  firstId: integer({ env: 'CHAT_FIRST_ID', default: 1, min: 1, max: idMax }),
}

export type RouterConfig = ReturnType<typeof readConfig>

/** Throws one ConfigError that names every problem. */
export const readConfig = (env: Readonly<Record<string, string | undefined>>) =>
  readSettings(
    {
      ...worldSettings,
      ...kafkaSettings,
      ...redisSettings,
      ...registrySettings,
      ...processSettings,
      ...routerSettings,
      host: healthHostSetting,
      healthPort: healthPortSetting,
    },
    env,
  )
