import { spawn } from 'node:child_process'
import { join } from 'node:path'

const timeoutMs = 120_000

/**
 * Runs `npm run init` for the world that `env` names: topics, schemas and tables are there when it resolves. Throws with its
 * output when it fails or takes longer than two minutes.
 */
export const initWorld = (env: Readonly<Record<string, string>>, say: (line: string) => void): Promise<void> => {
  say('making topics, schemas and tables')
  return new Promise((resolve, reject) => {
    const main = join(import.meta.dirname, 'init.ts')
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs })
    let output = ''
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-8_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`init failed (${signal ?? `exit ${code}`}):\n${output}`))
    })
  })
}
