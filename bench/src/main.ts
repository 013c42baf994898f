import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { exitCodeOf, parseWords, usageFault } from '@chat/runtime'
import { systemRandom } from '@chat/runtime/system'
import { createOpenLoad, currentCommit } from '@chat/testkit'
import { keepApart } from './cores.ts'
import { isSound, runDirect } from './direct.ts'
import { hopsBetween } from './hops.ts'
import { isSoundOverload, type OverloadResult, type PhaseResult, runOverload } from './overload.ts'
import { runReads } from './reads.ts'
import { runRebuildBench } from './rebuild.ts'
import { runRestore } from './restore.ts'
import { stackServers, startEmbedded, startOnStack, type Target } from './target.ts'
import { usageBetween } from './usage.ts'

const usage = `usage: npm run bench -- direct [options] | overload [options] | rebuild [options] | reads [options] | restore [options]
direct: messages between two
  --rate N         messages a second offered (1500)
  --seconds N      how long it is measured (20)
  --warm-up N      seconds of the same load before, not measured (20)
  --connectors N   connector processes (2)
  --routers N      router processes (1)
  --users N        accounts, one device each (500)
  --pairs N        random pairs that talk (1000)
  --partitions N   P of the world that is made for the run (24)
  --flush WHAT     each: an event is on disk before it is acknowledged; os: it is in the operating system (each)
  --on WHAT        kafka: the running \`npm run stack\`; embedded: one process on PostgreSQL (kafka)
overload: more messages between two than the system can take, by clients that do what the protocol says; the options of direct, but
  --rate N         tries a second that the search for the peak begins with (500)
  --seconds N      how long more than the peak is offered (120)
  --factor N       how many times the peak (3)
  --apart          the load has a core of its own, and the system the others
  --pairs N        random pairs that talk: enough that most are not held back (50000)
rebuild: all read models anew while messages flow, on the running stack; the options of direct, but
  --rate N         messages a second offered (200)
  --seconds N      how long messages flow: longer than the rebuild takes (60)
  --events N       messages on the log before anything starts (500000)
reads: what people ask of a system with much in it, on the running stack
  --events N       messages on the log before anything starts (1000000)
  --users N        people (2000)
  --groups N       groups of 2 to 60 of them (500)
  --pairs N        random pairs that talk (5000)
  --readers N      of them who ask, the first is in 1,000 conversations (20)
  --requests N     of each kind, one at a time (2000)
  --connectors N, --partitions N  as above
restore: a router that starts, on the running stack
  --events N         in the partition (1000000)
  --conversations N  in the partition (50000)
  --tail N           events behind the snapshot (45000)
  --repeats N        starts from the snapshot (3)`

const root = join(import.meta.dirname, '..', '..')
const textBytes = 200

const workloads = ['direct', 'overload', 'rebuild', 'reads', 'restore'] as const
const isWorkload = (name: string | undefined): name is (typeof workloads)[number] => workloads.some((w) => w === name)

/** Of options that mean something else in each. */
const defaults: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  rate: { direct: '1500', overload: '500', rebuild: '200' },
  seconds: { direct: '20', overload: '120', rebuild: '60' },
  pairs: { direct: '1000', overload: '50000', rebuild: '1000', reads: '5000' },
  users: { direct: '500', overload: '500', rebuild: '500', reads: '2000' },
  events: { rebuild: '500000', reads: '1000000', restore: '1000000' },
}

const text = (value: string) => ({ type: 'string' as const, default: value })
const known = {
  rate: { type: 'string' },
  seconds: { type: 'string' },
  'warm-up': text('20'),
  connectors: text('2'),
  routers: text('1'),
  users: { type: 'string' },
  pairs: { type: 'string' },
  factor: text('3'),
  apart: { type: 'boolean', default: false },
  partitions: text('24'),
  flush: text('each'),
  on: text('kafka'),
  events: { type: 'string' },
  groups: text('500'),
  readers: text('20'),
  requests: text('2000'),
  conversations: text('50000'),
  tail: text('45000'),
  repeats: text('3'),
} as const

const readOptions = () => {
  const { values, positionals } = parseWords(process.argv.slice(2), known, usage)
  const [workload] = positionals
  const number = (name: Exclude<keyof typeof values, 'apart'>): number => {
    const value = Number(values[name] ?? defaults[name]?.[workload ?? ''])
    if (!Number.isSafeInteger(value) || value < 1) throw usageFault(`--${name} must be a positive integer`, usage)
    return value
  }
  if (!isWorkload(workload) || positionals.length > 1) throw usageFault('which workload?', usage)
  if (values.flush !== 'each' && values.flush !== 'os') throw usageFault('--flush is each or os', usage)
  if (values.on !== 'kafka' && values.on !== 'embedded') throw usageFault('--on is kafka or embedded', usage)
  if (workload === 'restore') {
    const [events, conversations] = [number('events'), number('conversations')]
    return { workload, options: { events, conversations, tail: number('tail'), repeats: number('repeats') } } as const
  }
  if (workload === 'reads') {
    const world = { connectors: number('connectors'), partitions: number('partitions') }
    const filled = {
      events: number('events'),
      users: number('users'),
      groups: number('groups'),
      pairs: number('pairs'),
    }
    return {
      workload,
      options: { ...world, ...filled, readers: number('readers'), requests: number('requests') },
    } as const
  }
  const options = {
    on: values.on,
    rate: number('rate'),
    seconds: number('seconds'),
    warmUpSeconds: number('warm-up'),
    connectors: number('connectors'),
    routers: number('routers'),
    users: number('users'),
    pairs: number('pairs'),
    partitions: number('partitions'),
    flush: values.flush,
  } as const
  if (workload === 'direct') return { workload, options } as const
  if (workload === 'overload')
    return { workload, options: { ...options, factor: number('factor'), apart: values.apart } } as const
  const { on, ...rest } = options
  if (on !== 'kafka') throw usageFault('the log of one process can be read by that process only', usage)
  return { workload, options: { ...rest, events: number('events') } } as const
}

type Options = Extract<ReturnType<typeof readOptions>, { workload: 'direct' }>['options']

/** The addresses of the running stack, as `stack up` wrote them. */
const loadStackAddresses = async (): Promise<void> => {
  const path = join(root, '.chat', 'stack.env')
  if (!existsSync(path) || !(await stackServers()).has('kafka-1'))
    throw new Error('the native stack is not up: npm run stack -- up')
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
  let histogramsBefore: ReturnType<Target['histograms']> | undefined
  const onPhase = (phase: 'begin' | 'end') => {
    if (phase === 'begin')
      [before, beganMs, histogramsBefore] = [target.usages(), performance.now(), target.histograms()]
    else [after, seconds] = [target.usages(), (performance.now() - beganMs) / 1000]
  }
  const result = await runDirect({ ...options, urls: target.urls, accounts: target.accounts, textBytes, onPhase })
  if (histogramsBefore === undefined) throw new Error('the load never began')
  const hops = hopsBetween(await histogramsBefore, await target.histograms())
  return { result, hops, processes: usageBetween(before, after, seconds) }
}

const save = (workload: string, options: object, measured: object): string => {
  const machine = { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version }
  const folder = join(root, 'bench', 'results')
  const commit = currentCommit(folder)
  const record = { at: new Date().toISOString(), commit, workload, options, machine, ...measured }
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

/** On a system of its own, which is gone afterwards. */
const onTarget = async (options: Options, run: (target: Target) => Promise<number>): Promise<number> => {
  if (options.on === 'kafka') await loadStackAddresses()
  const target = options.on === 'kafka' ? await startOnStack(options) : await startEmbedded(options)
  try {
    return await run(target)
  } finally {
    await target.stop()
  }
}

const runDirectWorkload = (options: Options): Promise<number> =>
  onTarget(options, async (target) => {
    const measured = await measure(options, target)
    print(measured)
    const { result } = measured
    const replicas = options.on === 'kafka' ? Number(process.env.CHAT_REPLICAS ?? 1) : undefined
    console.log(`appended to ${save('direct', { ...options, replicas }, measured)}`)
    return isSound(result) ? 0 : 1
  })

const printOverload = (result: OverloadResult): void => {
  const { ramp, before, overload, after, peakPerSecond, goodputShare, normalAfterSeconds, verdict } = result
  const row = ({ acceptedMs, refusedMs, acceptedAnswerMs, refusedAnswerMs, lateMs, ...rates }: PhaseResult) => ({
    ...rates,
    ...{ 'accepted p50': acceptedMs.p50, 'accepted p99': acceptedMs.p99, 'from its sending': acceptedAnswerMs.p99 },
    ...{ 'refused p50': refusedMs.p50, 'refused p99': refusedMs.p99, 'from its sending ': refusedAnswerMs.p99 },
    'late p99': lateMs.p99,
  })
  const steps = ramp.map((step, index) => [`ramp ${index + 1}`, row(step)] as const)
  console.table({ ...Object.fromEntries(steps), before: row(before), overload: row(overload), after: row(after) })
  console.log(`peak ${peakPerSecond}/s, goodput/peak ${goodputShare}, normal after ${normalAfterSeconds} s`, verdict)
}

const runOverloadWorkload = (
  options: Options & { readonly factor: number; readonly apart: boolean },
): Promise<number> =>
  onTarget(options, async (target) => {
    let before = target.usages()
    let processes: ReturnType<typeof usageBetween> = {}
    const onPhase = (phase: 'begin' | 'end') => {
      if (phase === 'begin') before = target.usages()
      else processes = usageBetween(before, target.usages(), options.seconds)
    }
    const load = await createOpenLoad({ ...options, ...target, textBytes, random: systemRandom })
    const bringTogether = options.apart ? keepApart(target.pids()) : () => {}
    const result = await runOverload(load, { ...options, onPhase }).finally(bringTogether)
    load.close()
    printOverload(result)
    console.table(processes)
    console.log(`appended to ${save('overload', options, { result, processes })}`)
    if (isSoundOverload(result)) return 0
    console.log(`the logs of the processes are in ${target.keepLogs()}`)
    return 1
  })

const runRebuildWorkload = async (options: Parameters<typeof runRebuildBench>[0]): Promise<number> => {
  await loadStackAddresses()
  const result = await runRebuildBench(options)
  console.log(result)
  if (!result.isCoveredByTraffic) throw new Error('messages stopped before the rebuild was done: raise --seconds')
  console.log(`appended to ${save('rebuild', options, { result })}`)
  const { lost, doubled, reordered } = result.traffic
  return lost + doubled + reordered > 0 ? 1 : 0
}

const runReadsWorkload = async (options: Parameters<typeof runReads>[0]): Promise<number> => {
  await loadStackAddresses()
  const { conversationsOfFirst, found, ...times } = await runReads(options)
  console.table(times)
  console.log(`${conversationsOfFirst} conversations of the first, ${found} searches found something`)
  console.log(`appended to ${save('reads', options, { result: { ...times, conversationsOfFirst, found } })}`)
  return 0
}

const main = async (): Promise<number> => {
  const { workload, options } = readOptions()
  if (workload === 'direct') return await runDirectWorkload(options)
  if (workload === 'overload') return await runOverloadWorkload(options)
  if (workload === 'rebuild') return await runRebuildWorkload(options)
  if (workload === 'reads') return await runReadsWorkload(options)
  await loadStackAddresses()
  const brokers = (process.env.CHAT_KAFKA_BROKERS ?? '').split(',')
  const result = await runRestore({ ...options, textBytes, brokers })
  console.log(`appended to ${save('restore', options, { result })}`)
  return 0
}

process.exitCode = await exitCodeOf(main())
