import {
  databaseSettings,
  integer,
  kafkaSettings,
  oneOf,
  processSettings,
  readSettings,
  registrySettings,
  worldSettings,
} from '@chat/runtime'

const initSettings = {
  ...worldSettings,
  ...kafkaSettings,
  ...databaseSettings,
  ...registrySettings,
  logLevel: processSettings.logLevel,
  /** Copies of every partition of the topics it makes: 3 in production, and never more than there are brokers. */
  replicas: integer({ env: 'CHAT_REPLICAS', default: 1, min: 1, max: 7 }),
  /** With fewer than 3 replicas, when an event is acknowledged: `each` on disk, `os` before; a power cut may then take it back. */
  eventsFlush: oneOf({ env: 'CHAT_EVENTS_FLUSH', values: ['each', 'os'], default: 'each' }),
  /** How long it waits for servers that are away before it gives up, s. Compose starts it beside them. */
  waitS: integer({ env: 'CHAT_INIT_WAIT_S', default: 90, min: 1, max: 3_600 }),
}

export const readConfig = (env: Readonly<Record<string, string | undefined>>) => readSettings(initSettings, env)
