import { execFile } from 'node:child_process'
import { join } from 'node:path'

const program = join(import.meta.dirname, '..', '..', 'services', 'standalone', 'src', 'import-main.ts')
/** Hundreds of passwords are hashed, after a database was started perhaps, ms. */
const timeoutMs = 120_000

export interface ImportRun {
  /** null: it was killed. */
  readonly ended: Promise<{ readonly code: number | null; readonly out: string }>
  kill(): void
}

/** `npm run import -- …` in an environment. */
export const startImport = (env: Readonly<Record<string, string>>, args: readonly string[], cwd: string): ImportRun => {
  const { promise: ended, resolve } = Promise.withResolvers<{ readonly code: number | null; readonly out: string }>()
  const child = execFile(
    process.execPath,
    [program, ...args],
    { env, cwd, timeout: timeoutMs },
    (_error, out, errors) => resolve({ code: child.exitCode, out: `${out}${errors}` }),
  )
  return { ended, kill: () => void child.kill('SIGKILL') }
}
