import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultKind } from './fault-kind.ts'

const brokerKilled: FaultKind = {
  name: 'broker killed',
  part: 'kafka',
  budget: 'broker killed',
  countsFrom: 'begin',
  lastsMs: [0, 2_000],
  targets: (site) => site.brokers,
  weight: 1,
  inject: async (site, target) => {
    await site.killServer(target)
    return () => site.stack.startServer(target)
  },
}

const brokerFrozen: FaultKind = {
  name: 'broker frozen',
  part: 'kafka',
  budget: 'broker killed',
  countsFrom: 'end',
  lastsMs: [1_000, 8_000],
  targets: (site) => site.brokers,
  weight: 2,
  inject: async (site, target) => {
    site.stack.signal(target, 'SIGSTOP')
    return async () => void site.stack.signal(target, 'SIGCONT')
  },
}

const redis = { part: 'redis', budget: 'redis wiped', targets: () => ['redis'] } satisfies Partial<FaultKind>

/** It keeps nothing on disk: killed is wiped. */
const redisWiped: FaultKind = {
  ...redis,
  name: 'redis wiped',
  countsFrom: 'begin',
  lastsMs: [0, 3_000],
  weight: 4,
  inject: async (site) => {
    await site.killServer('redis')
    return () => site.stack.startServer('redis')
  },
}

const redisFrozen: FaultKind = {
  ...redis,
  name: 'redis frozen',
  countsFrom: 'end',
  lastsMs: [1_000, 9_000],
  weight: 3,
  inject: async (site) => {
    site.stack.signal('redis', 'SIGSTOP')
    return async () => void site.stack.signal('redis', 'SIGCONT')
  },
}

/** Old leases and presence come back as if nothing had happened since. */
const redisRestored: FaultKind = {
  ...redis,
  name: 'redis restored from an old dump',
  countsFrom: 'end',
  lastsMs: [2_000, 6_000],
  weight: 2,
  inject: async (site) => {
    // It comes with the server, and writes the dump where the next start finds it.
    execFileSync('redis-cli', ['-u', site.system.world.stack.redisUrl, 'SAVE'], { timeout: 10_000 })
    return async () => {
      await site.killServer('redis')
      await site.stack.startServer('redis')
      // The next kill is a wipe again.
      rmSync(join(site.stackDir, 'redis', 'dump.rdb'), { force: true })
    }
  },
}

const postgresKilled: FaultKind = {
  name: 'postgres killed',
  part: 'postgres',
  budget: 'postgres away',
  countsFrom: 'end',
  lastsMs: [0, 5_000],
  targets: () => ['postgres'],
  weight: 2,
  inject: async (site) => {
    await site.killServer('postgres')
    return () => site.stack.startServer('postgres')
  },
}

/** Nobody asks it once he runs. */
const registryKilled: FaultKind = {
  name: 'registry killed',
  part: 'registry',
  budget: 'router killed',
  countsFrom: 'begin',
  lastsMs: [0, 5_000],
  targets: () => ['registry'],
  weight: 1,
  inject: async (site) => {
    await site.killServer('registry')
    return () => site.stack.startServer('registry')
  },
}

export const serverFaults: readonly FaultKind[] = [
  brokerKilled,
  brokerFrozen,
  redisWiped,
  redisFrozen,
  redisRestored,
  postgresKilled,
  registryKilled,
]
