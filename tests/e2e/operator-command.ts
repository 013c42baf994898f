import { execFile } from 'node:child_process'
import { join } from 'node:path'

const program = join(import.meta.dirname, '..', '..', 'services', 'standalone', 'src', 'operator-main.ts')
/** It may wait for a broker or start a database first, ms. */
const timeoutMs = 90_000

/** `npm run operator -- …` in an environment: what it prints, and how it ends. */
export const runOperator = (env: Readonly<Record<string, string>>, args: readonly string[]) =>
  new Promise<{ readonly code: number | null; readonly out: string }>((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { env, timeout: timeoutMs }, (_error, out, errors) =>
      resolve({ code: child.exitCode, out: out === '' ? errors : out }),
    )
  })
