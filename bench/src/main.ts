import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isSound, runDirect } from './direct.ts'
import { hopsBetween } from './hops.ts'
import { runRestore } from './restore.ts'
import { startEmbedded, startOnStack, type Target } from './target.ts'
import { usageBetween } from './usage.ts'

const usage = `usage: npm run bench -- direct [options] | restore [options]
direct: messages between two
  --rate N         messages a second offered (1500)
  --seconds N      how long it is measured, after 3 s of warm-up (20)
  --connectors N   connector processes (2)
  --routers N      router processes (1)
  --users N        accounts, one device each (500)
  --pairs N        random pairs that talk (1000)
  --partitions N   P of the world that is made for the run (24)
  --flush WHAT     each: an event is on disk before it is acknowledged; os: it is in the operating system (each)
  --on WHAT        kafka: the running \`npm run stack\`; embedded: one process on PostgreSQL (kafka)
restore: a router that starts, on the running stack
  --events N         in the partition (1000000)
  --conversations N  in the partition (50000)
  --tail N           events behind the snapshot (45000)
  --repeats N        starts from the snapshot (3)
`

const root = join(import.meta.dirname, '..', '..')
const textBytes = 200

const readOptions = () => {
  const text = (value: string) => ({ type: 'string' as const, default: value })
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rate: text('1500'),
      seconds: text('20'),
      connectors: text('2'),
      routers: text('1'),
      users: text('500'),
      pairs: text('1000'),
      partitions: text('24'),
      flush: text('each'),
      on: text('kafka'),
      events: text('1000000'),
      conversations: text('50000'),
      tail: text('45000'),
      repeats: text('3'),
    },
  })
  const number = (name: keyof typeof values): number => {
    const value = Number(values[name])
    if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a positive integer`)
    return value
  }
  const [workload] = positionals
  if ((workload !== 'direct' && workload !== 'restore') || positionals.length > 1) throw new Error('which workload?')
  if (values.flush !== 'each' && values.flush !== 'os') throw new Error('--flush is each or os')
  if (values.on !== 'kafka' && values.on !== 'embedded') throw new Error('--on is kafka or embedded')
  const restore = {
    events: number('events'),
    conversations: number('conversations'),
    tail: number('tail'),
    repeats: number('repeats'),
  }
  if (workload === 'restore') return { workload, options: restore } as const
  const options = {
    on: values.on,
    rate: number('rate'),
    seconds: number('seconds'),
    connectors: number('connectors'),
    routers: number('routers'),
    users: number('users'),
    pairs: number('pairs'),
    partitions: number('partitions'),
    flush: values.flush,
  } as const
  return { workload, options } as const
}

type Options = Extract<ReturnType<typeof readOptions>, { workload: 'direct' }>['options']

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

const save = (workload: string, options: object, measured: object): string => {
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

const runDirectWorkload = async (options: Options): Promise<number> => {
  if (options.on === 'kafka') loadStackAddresses()
  const target = options.on === 'kafka' ? await startOnStack(options) : await startEmbedded(options)
  try {
    const measured = await measure(options, target)
    print(measured)
    const { result } = measured
    const replicas = options.on === 'kafka' ? Number(process.env.CHAT_REPLICAS ?? 1) : undefined
    console.log(`appended to ${save('direct', { ...options, replicas }, measured)}`)
    return isSound(result) ? 0 : 1
  } finally {
    await target.stop()
  }
}

const main = async (): Promise<number> => {
  const { workload, options } = readOptions()
  if (workload === 'direct') return await runDirectWorkload(options)
  loadStackAddresses()
  const brokers = (process.env.CHAT_KAFKA_BROKERS ?? '').split(',')
  const result = await runRestore({ ...options, textBytes, brokers })
  console.log(`appended to ${save('restore', options, { result })}`)
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
  process.exitCode = 2
}
