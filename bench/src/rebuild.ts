import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type DirectResult, runDirect } from './direct.ts'
import { fillLog } from './fill-log.ts'
import { projectedEvents } from './projected.ts'
import { parseRebuildOutput, type RebuildTimes } from './rebuild-output.ts'
import { stackServers } from './target.ts'
import { readProcesses, usageOf, usageOfTrees } from './usage.ts'

/** A rebuild of a log that is written first, while messages flow. */
export interface RebuildBenchOptions {
  readonly events: number
  readonly rate: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly connectors: number
  readonly routers: number
  readonly users: number
  readonly pairs: number
  readonly partitions: number
  readonly flush: 'each' | 'os'
}

export interface RebuildBenchResult extends RebuildTimes {
  /** What the rebuild itself used, and the database for everybody meanwhile. */
  readonly cpuSeconds: { readonly rebuild: number; readonly postgres: number }
  /** Of the rebuild, at most. */
  readonly rssMiB: number
  /** Messages flowed from before its beginning until after its end. */
  readonly isCoveredByTraffic: boolean
  readonly traffic: Pick<DirectResult, 'acknowledgedPerSecond' | 'acknowledgementMs' | 'lost' | 'doubled' | 'reordered'>
}

const textBytes = 200
const caughtUpDeadlineMs = 10 * 60_000
const sampleEveryMs = 100

export const runRebuildBench = async (options: RebuildBenchOptions): Promise<RebuildBenchResult> => {
  const system = await startSystem({
    ...options,
    projectors: 1,
    eventsFlush: options.flush,
    readyTimeoutMs: caughtUpDeadlineMs,
    prepare: async (world) => {
      await fillLog(world, { ...options, textOf: (count) => `${count} `.padEnd(textBytes, 'x') })
    },
  })
  try {
    await projectedEvents(system.world, options.events, caughtUpDeadlineMs)
    const urls = system.connectors.map((connector) => connector.url)
    const accounts = await registerAccounts(urls, options.users)
    let rebuilding: ReturnType<typeof runRebuild> | undefined
    let endedMs = 0
    const onPhase = (phase: 'begin' | 'end') => {
      if (phase === 'end') endedMs = performance.now()
      else rebuilding = runRebuild(system)
    }
    const traffic = await runDirect({ ...options, urls, accounts, textBytes, onPhase })
    if (rebuilding === undefined) throw new Error('the load never began')
    const { endedMs: rebuiltMs, ...rebuilt } = await rebuilding
    const { acknowledgedPerSecond, acknowledgementMs, lost, doubled, reordered } = traffic
    return {
      ...rebuilt,
      isCoveredByTraffic: rebuiltMs < endedMs,
      traffic: { acknowledgedPerSecond, acknowledgementMs, lost, doubled, reordered },
    }
  } finally {
    await system.stop()
  }
}

const runRebuild = async (system: System) => {
  const database = (await stackServers()).get('postgres') ?? []
  const databaseCpuSeconds = () => usageOfTrees(database, readProcesses()).cpuSeconds
  const main = join(import.meta.dirname, '..', '..', 'services', 'projector', 'src', 'rebuild-main.ts')
  const databaseBefore = databaseCpuSeconds()
  const child = spawn(process.execPath, [main], { env: system.env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const keep = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  let [cpuSeconds, rssMiB] = [0, 0]
  const sampling = setInterval(() => {
    const [now] = readProcesses().filter(({ pid }) => pid === child.pid)
    if (now === undefined) return
    const used = usageOf(now.pid, [now])
    cpuSeconds = used.cpuSeconds // The last look before it ends is what counts; its memory is gone by then.
    rssMiB = Math.max(rssMiB, used.rssMiB)
  }, sampleEveryMs)
  const [code] = await once(child, 'close')
  clearInterval(sampling)
  const endedMs = performance.now()
  const postgres = Math.round((databaseCpuSeconds() - databaseBefore) * 100) / 100
  if (code !== 0) throw new Error(`the rebuild ended with ${code}:\n${output}`)
  return { ...parseRebuildOutput(output), cpuSeconds: { rebuild: cpuSeconds, postgres }, rssMiB, endedMs }
}
