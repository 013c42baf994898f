import {
  databaseSettings,
  healthHostSetting,
  healthPortSetting,
  integer,
  kafkaSettings,
  oneOf,
  processSettings,
  readSettings,
  registrySettings,
  worldSettings,
} from '@chat/runtime'

export type ProjectorConfig = ReturnType<typeof readConfig>

const projectorSettings = {
  /** Connections to the database; partitions beyond it take turns. */
  databasePoolMax: integer({ env: 'CHAT_DATABASE_POOL_MAX', default: 8, min: 1, max: 100 }),
}

const settings = {
  ...worldSettings,
  ...kafkaSettings,
  ...databaseSettings,
  ...registrySettings,
  ...processSettings,
  ...projectorSettings,
  healthPort: healthPortSetting,
  healthHost: healthHostSetting,
}

/** Throws one ConfigError that names every problem. */
export const readConfig = (env: Readonly<Record<string, string | undefined>>) => readSettings(settings, env)

/** What a rebuild reads besides the projector's settings. */
export const readRebuildConfig = (env: Readonly<Record<string, string | undefined>>) =>
  readSettings({ ...settings, ...rebuildSettings }, env)

const rebuildSettings = {
  /** Partitions loaded at once, each by a thread; each keeps its conversations in memory meanwhile. */
  rebuildPartitionsAtOnce: integer({ env: 'CHAT_REBUILD_PARTITIONS_AT_ONCE', default: 2, min: 1, max: 64 }),
  /** What to do when the live read models say otherwise: refuse the switch, or accept what the log says. */
  rebuildDifferences: oneOf({ env: 'CHAT_REBUILD_DIFFERENCES', values: ['refuse', 'accept'], default: 'refuse' }),
}

/** What a replay reads: the log alone. */
export const readReplayConfig = (env: Readonly<Record<string, string | undefined>>) =>
  readSettings({ ...worldSettings, ...kafkaSettings }, env)
