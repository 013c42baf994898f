import { join } from 'node:path'
import type { Server } from './server.ts'

/** The Confluent API of the registry on `port`. */
export const registryUrl = (port: number): string => `http://127.0.0.1:${port}/apis/ccompat/v7`

/** Apicurio with its schemas in PostgreSQL: in memory, its default, the ids in the topics' bytes would lose their meaning. */
export const registryServer = (options: {
  readonly port: number
  readonly appDir: string
  /** Asked when it starts: the database may not have its password before. */
  readonly databaseUrl: () => string
  readonly env: Readonly<Record<string, string>>
}): Server => {
  const databaseEnv = () => {
    const database = new URL(options.databaseUrl())
    return {
      APICURIO_DATASOURCE_URL: `jdbc:postgresql://${database.host}${database.pathname}`,
      APICURIO_DATASOURCE_USERNAME: decodeURIComponent(database.username),
      APICURIO_DATASOURCE_PASSWORD: decodeURIComponent(database.password),
    }
  }
  return {
    name: 'registry',
    address: `127.0.0.1:${options.port}`,
    ports: [options.port],
    startTimeoutMs: 60_000,
    stopTimeoutMs: 5_000,
    prepare: async () => ({
      command: 'java',
      // Seldom asked: compiling less and collecting with one thread makes its start a third cheaper.
      args: [
        '-Xmx256m',
        '-XX:TieredStopAtLevel=1',
        '-XX:+UseSerialGC',
        '-jar',
        join(options.appDir, 'apicurio-registry-app-3.0.9-runner.jar'),
      ],
      cwd: options.appDir,
      env: {
        ...options.env,
        QUARKUS_HTTP_HOST: '127.0.0.1',
        QUARKUS_HTTP_PORT: String(options.port),
        QUARKUS_HTTP_ACCESS_LOG_ENABLED: 'false',
        APICURIO_STORAGE_KIND: 'sql',
        APICURIO_STORAGE_SQL_KIND: 'postgresql',
        ...databaseEnv(),
      },
    }),
    isServing: async () => {
      try {
        const answer = await fetch(`${registryUrl(options.port)}/subjects`, { signal: AbortSignal.timeout(2_000) })
        return answer.ok
      } catch {
        return false // Not serving yet: the answer of a probe, not a fault.
      }
    },
    endLeftovers: async () => {},
  }
}
