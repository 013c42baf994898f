import type { Clock, Logger, Random } from '@chat/runtime'

export interface LocalPostgresOptions {
  /** Made if absent. Holds the cluster, the server's log and a file with password and port (mode 0600). */
  readonly dataDir: string
  /** Absent: the port of the last run if it is free, else any free one. */
  readonly port?: number
  /** 50 unless told. */
  readonly maxConnections?: number
  /** More server settings, `name=value`. */
  readonly flags?: readonly string[]
  readonly logger: Logger
  readonly clock: Clock
  readonly random: Random
  /** Ends a start: it rejects with the signal's reason, and no process of it is left. */
  readonly signal?: AbortSignal
  /** The server died while it should run. */
  readonly onFatal?: (error: unknown) => void
}
