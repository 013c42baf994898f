import { type Clock, Fault, sleep } from '@chat/runtime'
import pg from 'pg'

/** One run's claim on a data folder: an advisory lock on a connection of its own. It ends with the connection, so with the process. */
export interface DataFolderLock {
  release(): Promise<void>
}

/** 'chat' and the purpose. */
const lockKey = [0x63686174, 1]

/** How long a killed run's connection may take to be noticed, ms. */
const graceMs = 2000

export interface LockOptions {
  /** For the sentence of the Fault. */
  readonly dataDir: string
  readonly clock: Clock
  /** The connection broke: the server died, or somebody ended it. */
  readonly onLost: (error: unknown) => void
}

/** Claims the folder behind `databaseUrl`. Throws Fault `data_folder_in_use` when another run has it. */
export const lockDataFolder = async (databaseUrl: string, options: LockOptions): Promise<DataFolderLock> => {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5000, keepAlive: true })
  let isReleased = false
  client.on('error', (error) => {
    if (!isReleased) options.onLost(error)
  })
  await client.connect()
  const release = async () => {
    isReleased = true
    await client.end()
  }
  const deadline = options.clock.monotonic() + graceMs
  for (;;) {
    const { rows } = await client.query('select pg_try_advisory_lock($1, $2) as locked', lockKey)
    if (rows[0]?.locked === true) return { release }
    if (options.clock.monotonic() > deadline) break
    await sleep(options.clock, 50)
  }
  await release()
  throw new Fault(
    'data_folder_in_use',
    `another run uses the data folder ${options.dataDir}: stop it first, or choose another folder`,
    { isRetryable: false },
  )
}
