import {
  groupSettings,
  healthHostSetting,
  healthPortSetting,
  integer,
  kafkaSettings,
  oneOf,
  processSettings,
  readSettings,
  redisSettings,
  registrySettings,
  worldSettings,
} from '@chat/runtime'
import { idMax } from '@chat/schemas'

/** Those of the router itself; the standalone process reads them too. */
export const routerSettings = {
  ...groupSettings,
  /**
   * For so long after its owner first saw that a group has so many members, it is told to each of them still, ms. All connectors that have
   * some learn meanwhile that it is large, and register it within some tens of ms; one that could not would miss what is told to connectors.
   */
  largeGroupSettleMs: integer({ env: 'CHAT_LARGE_GROUP_SETTLE_MS', default: 30_000, min: 500, max: 600_000 }),
  /** The least id given to users and groups; counts only when a partition of the log is opened for the first time. */
  firstId: integer({ env: 'CHAT_FIRST_ID', default: 1, min: 1, max: idMax }),
  /** A snapshot of a partition is written after so many records of its log: at most so many are read after it at a start. */
  snapshotEvents: integer({ env: 'CHAT_SNAPSHOT_EVENTS', default: 50_000, min: 100, max: 10_000_000 }),
  /** Who may write in a direct conversation. The same on every router: each decides its partitions by its own. */
  directPolicy: oneOf({ env: 'CHAT_DIRECT_POLICY', values: ['anyone', 'friends'], default: 'anyone' }),
}

export type RouterConfig = ReturnType<typeof readConfig>

/** What a repair reads: the log and the registry. Throws like `readConfig`. */
export const readRepairConfig = (env: Readonly<Record<string, string | undefined>>) =>
  readSettings({ ...worldSettings, ...kafkaSettings, ...registrySettings, ...processSettings }, env)

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
