import { Fault, type Logger } from '@chat/runtime'
import pg from 'pg'

/** Any number, the same in every process: one rebuild, rollback or drop at a time. */
const rebuildLock = 0x72656275

/** An advisory lock on a connection of its own: held until released, or until the connection is lost. */
export interface RebuildLock {
  /** Throws Fault `rebuild_running` when another process holds it. */
  take(): Promise<void>
  /** Throws Fault `rebuild_lost` when it is not held: another run may have begun. */
  check(): void
  release(): Promise<void>
}

export const createRebuildLock = ({ url, logger }: { readonly url: string; readonly logger: Logger }): RebuildLock => {
  const client = new pg.Client({ connectionString: url })
  let isHeld = false
  client.on('error', (error) => {
    isHeld = false
    logger.warn({ err: error }, 'connection of the rebuild lock lost')
  })
  return {
    take: async () => {
      try {
        await client.connect()
      } catch (error) {
        throw new Fault('read_models_unavailable', 'the database of the read models cannot be reached', {
          cause: error,
        })
      }
      const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [rebuildLock])
      isHeld = rows[0]?.taken === true
      if (!isHeld) throw new Fault('rebuild_running', 'another rebuild is running', { isRetryable: false })
    },
    check: () => {
      if (!isHeld) throw new Fault('rebuild_lost', 'the rebuild lost its lock', { isRetryable: false })
    },
    release: () => client.end(),
  }
}
