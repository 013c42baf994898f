import { integer, list, oneOf, text, url } from './config.ts'

/** The settings that more than one process reads, each once. A service's config.ts picks what it needs and adds its own. */
export const worldSettings = {
  /** Put before every topic name; with the database and the Redis prefix it makes a world of its own on one stack. */
  logPrefix: text({ env: 'CHAT_LOG_PREFIX', default: 'chat.' }),
  /** P, partitions of commands and events. Fixed when the log is created; every process must agree. */
  partitions: integer({ env: 'CHAT_PARTITIONS', default: 24, min: 1, max: 1024 }),
  /** Delivery topics: how many connectors can run at once. 16 for development, 256 in production. */
  slots: integer({ env: 'CHAT_SLOTS', default: 16, min: 1, max: 1024 }),
}

export const groupSettings = {
  /**
   * From so many members on connectors register a group with presence; one with more than twice as many is told to connectors, not to each
   * member. The same on every router and connector. 10,000, the most members of a group: none ever is.
   */
  largeGroupMembers: integer({ env: 'CHAT_LARGE_GROUP_MEMBERS', default: 128, min: 2, max: 10_000 }),
}

export const kafkaSettings = {
  /** host:port, comma-separated. */
  kafkaBrokers: list({ env: 'CHAT_KAFKA_BROKERS', default: ['127.0.0.1:9092'] }),
}

export const redisSettings = {
  redisUrl: url({ env: 'CHAT_REDIS_URL', protocols: ['redis:', 'rediss:'], default: 'redis://127.0.0.1:6379' }),
  /** Put before every Redis key. */
  redisPrefix: text({ env: 'CHAT_REDIS_PREFIX', default: 'chat:' }),
}

export const databaseSettings = {
  databaseUrl: url({
    env: 'CHAT_DATABASE_URL',
    protocols: ['postgres:', 'postgresql:'],
    default: 'postgres://chat@127.0.0.1:5432/chat',
  }),
}

export const registrySettings = {
  /** The Confluent API of the schema registry. */
  registryUrl: url({
    env: 'CHAT_REGISTRY_URL',
    protocols: ['http:', 'https:'],
    default: 'http://127.0.0.1:8081/apis/ccompat/v7',
  }),
}

export const processSettings = {
  logLevel: oneOf({ env: 'CHAT_LOG_LEVEL', values: ['debug', 'info', 'warn', 'error', 'silent'], default: 'info' }),
  /** A stop that takes longer ends the process with exit code 1, ms. Compose grants 30 s. */
  stopTimeoutMs: integer({ env: 'CHAT_STOP_TIMEOUT_MS', default: 25_000, min: 1_000, max: 120_000 }),
}
