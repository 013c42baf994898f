/** Where the log is, and what is ours: the group and the file. */
export interface Settings {
  readonly brokers: readonly string[]
  readonly registryUrl: string
  readonly topic: string
  readonly group: string
  readonly file: string
}

export const readSettings = (env: Readonly<Record<string, string | undefined>>): Settings => ({
  brokers: (env.CHAT_KAFKA_BROKERS || '127.0.0.1:9092').split(',').map((broker) => broker.trim()),
  registryUrl: env.CHAT_REGISTRY_URL || 'http://127.0.0.1:8081/apis/ccompat/v7',
  topic: `${env.CHAT_LOG_PREFIX || 'chat.'}events.v1`,
  group: env.ANALYTICS_GROUP || 'analytics',
  file: env.ANALYTICS_FILE || 'analytics.sqlite',
})
