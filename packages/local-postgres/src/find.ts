import { resolve } from 'node:path'
import { folderOf, readMemory } from './cluster.ts'
import { findPostmaster } from './postmaster.ts'
import { database, urlOf } from './server.ts'

/** The URL of the database of a server that runs on `dataDir`; undefined: none does. Starts and stops nothing. */
export const findLocalPostgres = async (dataDir: string): Promise<string | undefined> => {
  const folder = folderOf(resolve(dataDir))
  const [memory, running] = [await readMemory(folder), await findPostmaster(folder.cluster)]
  return memory === undefined || running === undefined ? undefined : urlOf(memory, running.port, database)
}
