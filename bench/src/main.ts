import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runDirect } from './direct.ts'
import { hopsBetween } from './hops.ts'
import { type RebuildBenchResult, runRebuildBench } from './rebuild.ts'
import { startEmbedded, startOnStack, type Target } from './target.ts'
import { usageBetween } from './usage.ts'

const usage = `usage: npm run bench -- direct [options]
       npm run bench -- rebuild [options]
  --rate N         messages a second offered (1500; rebuild: 200)
  --seconds N      how long it is measured, after 3 s of warm-up (20; rebuild: 60)
  --events N       rebuild: messages on the log before anything starts (500000)
  --connectors N   connector processes (2)
  --routers N      router processes (1)
  --users N        accounts, one device each (500)
  --pairs N        random pairs that talk (1000)
  --partitions N   P of the world that is made for the run (24)
  --flush WHAT     each: an event is on disk before it is acknowledged; os: it is in the operating system (each)
  --on WHAT        kafka: the running \`npm run stack\`; embedded: one process on PostgreSQL (kafka)
`

const root = join(import.meta.dirname, '..', '..')
const textBytes = 200

const workloads = ['direct', 'rebuild'] as const

const readOptions = () => {
  const text = (value: string) => ({ type: 'string' as const, default: value })
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rate: { type: 'string' },
      seconds: { type: 'string' },
      events: text('500000'),
      connectors: text('2'),
      routers: text('1'),
      users: text('500'),
      pairs: text('1000'),
      partitions: text('24'),
      flush: text('each'),
      on: text('kafka'),
    },
  })
  const number = (name: Exclude<keyof typeof values, 'flush' | 'on'>, otherwise = 0): number => {
    const value = Number(values[name] ?? otherwise)
    if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a positive integer`)
    return value
  }
  const workload = workloads.find((name) => name === positionals[0])
  if (workload === undefined || positionals.length > 1) throw new Error('which workload?')
  const isRebuild = workload === 'rebuild'
  if (values.flush !== 'each' && values.flush !== 'os') throw new Error('--flush is each or os')
  if (values.on !== 'kafka' && values.on !== 'embedded') throw new Error('--on is kafka or embedded')
  if (isRebuild && values.on !== 'kafka') throw new Error('the log of one process can be read by that process only')
  return {
    workload,
    on: values.on,
    events: number('events'),
    rate: number('rate', isRebuild ? 200 : 1500),
    seconds: number('seconds', isRebuild ? 60 : 20),
    connectors: number('connectors'),
    routers: number('routers'),
    users: number('users'),
    pairs: number('pairs'),
    partitions: number('partitions'),
    flush: values.flush,
  } as const
}

type Options = ReturnType<typeof readOptions>

/** The addresses of the running stack, as `stack up` wrote them. */
const loadStackAddresses = (): void => {
  const path = join(root, '.chat', 'stack.env')
  if (!existsSync(path)) throw new Error('the native stack is not up: npm run stack -- up')
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [name, ...value] = line.split('=')
    if (name?.startsWith('CHAT_')) process.env[name] ??= value.join('=')
  }
}

const measure = async (options: Options, target: Target) => {
  let before = target.usages()
  let after = before
  let beganMs = 0
  let seconds = 0
  const histogramsBefore = await target.histograms()
  const onPhase = (phase: 'begin' | 'end') => {
    if (phase === 'begin') [before, beganMs] = [target.usages(), performance.now()]
    else [after, seconds] = [target.usages(), (performance.now() - beganMs) / 1000]
  }
  const result = await runDirect({ ...options, urls: target.urls, accounts: target.accounts, textBytes, onPhase })
  const hops = hopsBetween(histogramsBefore, await target.histograms())
  return { result, hops, processes: usageBetween(before, after, seconds) }
}

const commit = (): string => {
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '-uno') === '' ? '' : '+changes')
}

const save = (workload: Options['workload'], options: object, measured: object): string => {
  const machine = { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version }
  const record = { at: new Date().toISOString(), commit: commit(), workload, options, machine, ...measured }
  const folder = join(root, 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${workload}.jsonl`)
  const known = existsSync(path) ? readFileSync(path, 'utf8') : ''
  writeFileSync(path, `${known}${JSON.stringify(record)}\n`)
  return path
}

const print = ({ result, hops, processes }: Awaited<ReturnType<typeof measure>>): void => {
  console.log(`offered ${result.offeredPerSecond}/s, acknowledged ${result.acknowledgedPerSecond}/s`)
  console.table({ 'ack ms': result.acknowledgementMs, 'receive ms': result.receiptMs })
  console.table(hops)
  console.table(processes)
  const { unanswered, lost, doubled, reordered, refused } = result
  console.log(`unanswered ${unanswered}, lost ${lost}, doubled ${doubled}, reordered ${reordered}`, refused)
}

const measureDirect = async (options: Options): Promise<number> => {
  const target = options.on === 'kafka' ? await startOnStack(options) : await startEmbedded(options)
  try {
    const { workload, events: _, ...asked } = options
    const measured = await measure(options, target)
    print(measured)
    const { result } = measured
    console.log(`appended to ${save(workload, asked, measured)}`)
    return result.lost + result.doubled + result.reordered > 0 ? 1 : 0
  } finally {
    await target.stop()
  }
}

const measureRebuild = async (options: Options): Promise<number> => {
  const { workload, on: _, ...asked } = options
  const result: RebuildBenchResult = await runRebuildBench(options)
  console.log(result)
  if (!result.isCoveredByTraffic) {
    console.log('messages stopped before the rebuild was done: --seconds must be more')
    return 1
  }
  console.log(`appended to ${save(workload, asked, { result })}`)
  const { lost, doubled, reordered } = result.traffic
  return lost + doubled + reordered > 0 ? 1 : 0
}

const main = async (): Promise<number> => {
  const options = readOptions()
  if (options.on === 'kafka') loadStackAddresses()
  return options.workload === 'direct' ? measureDirect(options) : measureRebuild(options)
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
  process.exitCode = 2
}
