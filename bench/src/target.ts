import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@chat/runtime/system'
import { createStack, definedOf, type ServiceProcess, spawnService } from '@chat/stack'
import { registerAccounts, startSystem } from '@chat/stack/system'
import type { Account } from '@chat/testkit'
import { type Histograms, parseHistograms } from './hops.ts'
import { childrenOf, pidsOfTrees, readProcesses, type Usage, usageOf, usageOfTrees } from './usage.ts'

/** A running system with accounts, ready to be loaded. */
export interface Target {
  readonly urls: readonly string[]
  readonly accounts: readonly Account[]
  /** CPU and memory now: each process of ours, the servers they stand on, and `load`, this process. */
  usages(): ReadonlyMap<string, Usage>
  /** Of all of these but `load`. */
  pids(): readonly number[]
  /** The histograms of every process now. */
  histograms(): Promise<readonly Histograms[]>
  /** Writes down what each process logged, and returns the folder. */
  keepLogs(): string
  stop(): Promise<void>
}

const histogramsOf = (processes: readonly ServiceProcess[]): Promise<readonly Histograms[]> =>
  Promise.all(
    processes.map(async ({ url }) => parseHistograms(await fetch(`${url}/metrics`).then((answer) => answer.text()))),
  )

/** `servers`: the processes that each server began with; what these started counts with them. */
const usagesOf = (
  services: readonly ServiceProcess[],
  servers: () => ReadonlyMap<string, readonly number[]>,
): ReadonlyMap<string, Usage> => {
  const processes = readProcesses()
  const named = services.map(({ name, pid }, index) => [`${name} ${index + 1}`, usageOf(pid, processes)] as const)
  const trees = [...servers()].map(([name, pids]) => [name, usageOfTrees(pids, processes)] as const)
  return new Map([...named, ...trees, ['load', usageOf(process.pid, processes)]])
}

const root = join(import.meta.dirname, '..', '..')

const keepLogs = (processes: readonly ServiceProcess[]): string => {
  const folder = join(root, '.chat', 'bench', 'logs')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const { name, pid, logs } of processes) writeFileSync(join(folder, `${name}-${pid}.log`), logs())
  return folder
}

/** The servers of the running `npm run stack`, by name. */
export const stackServers = async (): Promise<ReadonlyMap<string, readonly number[]>> => {
  const dataDir = join(root, '.chat')
  const stack = createStack({
    dir: join(dataDir, 'stack'),
    cacheDir: join(dataDir, 'cache'),
    brokers: undefined,
    ports: 'preferred',
    envPath: join(dataDir, 'stack.env'),
    env: definedOf(process.env),
    clock: systemClock,
    say: () => {},
  })
  const running = await stack.status()
  return new Map(running.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, [pid]] as const])))
}

export const startOnStack = async (counts: {
  readonly connectors: number
  readonly routers: number
  readonly users: number
  readonly partitions: number
  readonly flush: 'each' | 'os'
}): Promise<Target> => {
  const system = await startSystem({ ...counts, projectors: 1, eventsFlush: counts.flush })
  const urls = system.connectors.map((connector) => connector.url)
  const servers = await stackServers()
  const processes = [...system.connectors, ...system.routers, ...system.projectors]
  return {
    urls,
    accounts: await registerAccounts(urls, counts.users),
    usages: () => usagesOf(processes, () => servers),
    pids: () => pidsOfTrees([...processes.map(({ pid }) => pid), ...[...servers.values()].flat()], readProcesses()),
    histograms: () => histogramsOf(processes),
    keepLogs: () => keepLogs(processes),
    stop: system.stop,
  }
}

export const startEmbedded = async ({ users }: { readonly users: number }): Promise<Target> => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-bench-'))
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, CHAT_DATA_DIR: folder, CHAT_LIMITS: 'off' }
  const server = await spawnService('standalone', env, systemClock)
  await server.ready(60_000)
  return {
    urls: [server.url],
    accounts: await registerAccounts([server.url], users),
    // Its database server is a child of it.
    usages: () => usagesOf([server], () => new Map([['postgres', childrenOf(server.pid, readProcesses())]])),
    pids: () => pidsOfTrees([server.pid], readProcesses()),
    histograms: () => histogramsOf([server]),
    keepLogs: () => keepLogs([server]),
    stop: async () => {
      server.kill('SIGTERM')
      await server.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
