import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@chat/runtime/system'
import { type ServiceProcess, spawnService } from '@chat/stack'
import { registerAccounts, startSystem } from '@chat/stack/system'
import type { Account } from '@chat/testkit'
import { type Histograms, parseHistograms } from './hops.ts'
import { type Usage, usageOf } from './usage.ts'

/** A running system with accounts, ready to be loaded. */
export interface Target {
  readonly urls: readonly string[]
  readonly accounts: readonly Account[]
  /** CPU and memory now, by process; `load` is this process. */
  usages(): ReadonlyMap<string, Usage>
  /** The histograms of every process now. */
  histograms(): Promise<readonly Histograms[]>
  stop(): Promise<void>
}

const histogramsOf = (processes: readonly ServiceProcess[]): Promise<readonly Histograms[]> =>
  Promise.all(
    processes.map(async ({ url }) => parseHistograms(await fetch(`${url}/metrics`).then((answer) => answer.text()))),
  )

const usagesOf = (processes: readonly ServiceProcess[]): ReadonlyMap<string, Usage> => {
  const named = processes.map((process, index) => [`${process.name} ${index + 1}`, usageOf(process.pid)] as const)
  return new Map([...named, ['load', usageOf(process.pid)]])
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
  const processes = [...system.connectors, ...system.routers, ...system.projectors]
  return {
    urls,
    accounts: await registerAccounts(urls, counts.users),
    usages: () => usagesOf(processes),
    histograms: () => histogramsOf(processes),
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
    usages: () => usagesOf([server]),
    histograms: () => histogramsOf([server]),
    stop: async () => {
      server.kill('SIGTERM')
      await server.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
