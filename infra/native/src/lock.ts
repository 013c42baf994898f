import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Identity, identify, isAlive } from './identity.ts'

/**
 * Runs `run` while this process alone holds the file `path`. Throws `busy` when another living process holds it; one that died
 * without letting go is taken over.
 */
export const withLock = async <T>(
  path: string,
  busy: (holder: number) => string,
  run: () => Promise<T>,
): Promise<T> => {
  mkdirSync(dirname(path), { recursive: true })
  const mine = JSON.stringify(identify(process.pid))
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, mine)
  try {
    if (!link(draft, path)) {
      const holder = JSON.parse(readFileSync(path, 'utf8')) as Identity
      if (isAlive(holder)) throw new Error(busy(holder.pid))
      rmSync(path)
      if (!link(draft, path)) throw new Error(busy(holder.pid))
    }
  } finally {
    rmSync(draft)
  }
  try {
    return await run()
  } finally {
    rmSync(path, { force: true }) // The work may have removed the whole folder.
  }
}

/** A link appears with its content or not at all, and fails if the name exists. */
const link = (from: string, to: string): boolean => {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}
