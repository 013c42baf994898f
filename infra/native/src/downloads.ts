import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export const kafkaJarsDir = (cacheDir: string): string => join(cacheDir, 'kafka-4.3.0')
export const registryAppDir = (cacheDir: string): string => join(cacheDir, 'apicurio-registry-3.0.9')

export const isDownloaded = (cacheDir: string): boolean =>
  existsSync(kafkaJarsDir(cacheDir)) && existsSync(registryAppDir(cacheDir))

/** 3.x wants the poms of all parents of what it copies, which nothing here needs. */
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:2.8'

const downloadTimeoutMs = 8 * 60_000

/** Fetches what is not in the cache yet. A folder of the cache is complete or absent, also when two stacks fetch at once. */
export const download = async (options: {
  readonly cacheDir: string
  readonly pomPath: string
  readonly env: Readonly<Record<string, string>>
  readonly say: (line: string) => void
}): Promise<void> => {
  const { cacheDir, pomPath, env, say } = options
  const maven = (...args: readonly string[]) => run('mvn', ['-q', '-B', '-f', pomPath, ...args], env)
  await once(kafkaJarsDir(cacheDir), async (dir) => {
    say('downloading Kafka 4.3.0 (43 MB, once)')
    await maven(`${plugin}:copy-dependencies`, `-DoutputDirectory=${dir}`)
  })
  await once(registryAppDir(cacheDir), async (dir) => {
    say('downloading Apicurio Registry 3.0.9 (109 MB, once)')
    const artifact = 'io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all'
    await maven(`${plugin}:copy`, `-Dartifact=${artifact}`, `-DoutputDirectory=${dir}`)
    const archive = join(dir, 'apicurio-registry-app-3.0.9-all.tar.gz')
    await run('tar', ['-xzf', archive, '-C', dir], env)
    rmSync(archive)
  })
}

const once = async (dir: string, fill: (draft: string) => Promise<void>): Promise<void> => {
  if (existsSync(dir)) return
  mkdirSync(join(dir, '..'), { recursive: true })
  const draft = mkdtempSync(`${dir}.part-`)
  try {
    await fill(draft)
    if (!existsSync(dir)) renameSync(draft, dir)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

const run = (command: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: downloadTimeoutMs })
    let output = ''
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${command} ${args.join(' ')} failed (${signal ?? code}):\n${output}`))
    })
  })
