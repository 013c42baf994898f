import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The command line of one user of one machine, as a process each time. */
export interface CommandLine {
  /** Where its session is kept. */
  readonly home: string
  readonly env: Readonly<Record<string, string>>
  /** Resolves when it has ended. */
  run(args: readonly string[], options?: RunOptions): Promise<Ended>
  /** The same with `--json`: what it printed. Throws when it did not end with 0. */
  json(...args: readonly string[]): Promise<readonly Json[]>
  /** Goes on until it is stopped. */
  start(args: readonly string[]): Running
  remove(): void
}

interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

interface Running {
  out(): string
  err(): string
  stop(signal: NodeJS.Signals): Promise<Ended>
  readonly ended: Promise<Ended>
}

// biome-ignore lint/suspicious/noExplicitAny: what is printed is compared as it is
export type Json = Readonly<Record<string, any>>

const repoDir = join(import.meta.dirname, '..', '..')
const node = join(repoDir, 'node_modules', 'node', 'bin', 'node')
const programOf = (main: string) =>
  [node, '--conditions=chat-source', join(repoDir, 'clients', 'cli', 'src', main)] as const

/** `npm run seed`, for a server. */
export const startSeed = (url: string, ...args: readonly string[]): Running => {
  const [command, ...fixed] = programOf('seed-main.ts')
  const env = { PATH: process.env.PATH ?? '', CHAT_URL: url }
  return follow(spawn(command, [...fixed, ...args], { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'pipe'] }))
}

/** The words that start it. */
export const program = programOf('main.ts')

export const createCommandLine = (url: string, password: string): CommandLine => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-cli-'))
  const home = join(folder, 'home')
  const env = { PATH: process.env.PATH ?? '', CHAT_HOME: home, CHAT_URL: url, CHAT_PASSWORD: password }
  const start = (args: readonly string[], { input, env: more = {} }: RunOptions = {}): Running => {
    const [command, ...fixed] = program
    const child = spawn(command, [...fixed, ...args], { cwd: folder, env: { ...env, ...more }, stdio: 'pipe' })
    child.stdin?.on('error', () => {}) // It ended without reading: its code says why.
    child.stdin?.end(input ?? '')
    return follow(child)
  }
  const run = (args: readonly string[], options?: RunOptions) => start(args, options).ended
  return {
    ...{ home, env, run, start },
    json: async (...args) => {
      const { code, out, err } = await run([...args, '--json'])
      if (code !== 0) throw new Error(`chat ${args.join(' ')} ended with ${code}: ${err}`)
      return linesOf(out)
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export const linesOf = (out: string): readonly Json[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json)

const follow = (child: ChildProcess): Running => {
  let [out, err] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
  return {
    ended,
    out: () => out,
    err: () => err,
    stop: (signal) => {
      child.kill(signal)
      return ended
    },
  }
}
