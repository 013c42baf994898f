import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { systemClock as clock } from '@chat/runtime/system'
import { initWorld } from '@chat/stack'
import { waitUntil } from '@chat/testkit'
import pg from 'pg'
import { openWorldLog } from '../../e2e/read-models.ts'
import type { Arena } from '../arena/arena.ts'
import { budgetTolerance } from '../arena/strike.ts'
import { cutLog } from './log-cut.ts'
import { poisonFor } from './poison.ts'
import type { Scenario } from './scenario.ts'

const recordsEach = 3

const poison: Scenario = {
  name: 'poison-records',
  what: 'a dozen kinds of nonsense in every topic: skipped, buried, never acted upon',
  isShort: false,
  needs: {},
  run: async (arena) => {
    const { world } = arena.site.system
    const log = await openWorldLog(world)
    try {
      const inject = async () => {
        for (const { topic, records } of poisonFor(world))
          for (const partition of (await log.ends(topic)).keys())
            for (let round = 0; round < recordsEach; round++)
              for (const record of records) await log.append({ topic, partition, records: [record] })
      }
      return [await arena.during({ name: 'poison', target: 'every topic', budget: 'router killed' }, inject)]
    } finally {
      await log.close()
    }
  },
}

const administer = async (databaseUrl: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Schema `auth` is not in the log, and stays. */
const postgresEmptied: Scenario = {
  name: 'postgres-emptied',
  what: 'every read model lost: they are folded anew from the log, while messages go on',
  isShort: false,
  needs: {},
  run: async (arena) => {
    const { system } = arena.site
    const [old] = arena.devices
    const [account] = arena.accounts
    if (old === undefined || account === undefined) throw new Error('an arena of nobody')
    const fresh = arena.addDevice(account)
    let emptyMs = 0
    const empty = async () => {
      await administer(system.world.databaseUrl, 'DROP SCHEMA read CASCADE')
      await initWorld(system.env, () => {})
      emptyMs = clock.monotonic()
    }
    const fault = { name: 'postgres emptied', target: 'schema read', budget: 'postgres away' } as const
    const recovery = await arena.during(fault, empty)
    // Pushes need no read model. A device that holds nothing is told everything out of them.
    const wanted = old.conversations().map((id) => [id, old.shown(id).size] as const)
    const deadlineMs = recovery.budgetMs * budgetTolerance
    // Until accounts are folded it is refused.
    await waitUntil(() => fresh.connect().then(() => true), { deadlineMs, what: 'a fresh device is let in' })
    await waitUntil(() => wanted.every(([id, count]) => fresh.shown(id).size >= count), {
      deadlineMs,
      what: () => `a fresh device has all: ${wanted.map(([id, count]) => `${fresh.shown(id).size} of ${count}`)}`,
      everyMs: 100,
    })
    return [{ ...recovery, ms: Math.round(clock.monotonic() - emptyMs) }]
  },
}

const noticedWithinMs = 60_000
/** Off the end of each partition. */
const batchesCut = 3

/** After it the log is not the one that people saw: what matters is that nobody takes it for that. */
const logCut: Scenario = {
  name: 'log-cut',
  what: 'the end of a partition is gone after the broker was down: routers and projectors say so and stop it',
  isShort: false,
  needs: { brokers: 1, isAlone: true },
  isUnchecked: true,
  run: async (arena) => {
    const { site } = arena
    await arena.traffic.stop()
    // What they show has been projected: the projectors know what is about to be cut.
    await Promise.all(arena.devices.map((device) => device.catchUp()))
    const partition = await fullestPartition(arena)
    await site.killServer('kafka-1')
    const { name: topic } = site.system.world.topics.events
    if (cutLog({ stackDir: site.stackDir, topic, partition, batches: batchesCut }) < 1)
      throw new Error('nothing was cut')
    await site.stack.startServer('kafka-1')
    // A router looks at the log when it writes. Nobody may answer these.
    for (const { conversation, devices } of arena.places)
      devices[0]?.send(conversation, 'after the cut').catch(() => {}) // Refused or never answered: both are right.
    const notices = (kind: 'router' | 'projector', says: RegExp) =>
      waitUntil(() => site.seatsOf(kind).some((seat) => says.test(seat.logs())), {
        deadlineMs: noticedWithinMs,
        what: `a ${kind} says that partition ${partition} was cut`,
        everyMs: 200,
      })
    await Promise.all([notices('router', /partition stopped/), notices('projector', /log_cut/)])
    return []
  },
}

const repairMain = join(import.meta.dirname, '..', '..', '..', 'services', 'router', 'src', 'repair-main.ts')

/** `npm run repair -- --commands`: what it says of each partition. */
const repair = async ({ site }: Arena): Promise<string> => {
  const child = spawn(process.execPath, [repairMain, '--commands'], { env: site.system.env, stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`repair exited with ${code}: ${output}`)
  return output
}

/** A lone broker has an event on its disk when it is acknowledged, and a command some time later. */
const powerLost: Scenario = {
  name: 'power-lost',
  what: 'a lone broker lost its newest commands and has others in their places: routers say so, and a repair lets them go on',
  isShort: false,
  needs: { brokers: 1, isAlone: true },
  run: async (arena) => {
    const { site } = arena
    const { commands } = site.system.world.topics
    const lose = async () => {
      await site.killServer('kafka-1')
      let cut = 0
      for (let partition = 0; partition < commands.partitions; partition++)
        cut += cutLog({ stackDir: site.stackDir, topic: commands.name, partition, batches: batchesCut })
      if (cut === 0) throw new Error('nothing was cut')
      await site.stack.startServer('kafka-1')
      await waitUntil(() => site.seatsOf('router').some((seat) => /partition stopped/.test(seat.logs())), {
        deadlineMs: noticedWithinMs,
        what: 'a router says that commands were cut',
        everyMs: 200,
      })
      // What a router had read before may have made events since: then it is asked for once more.
      while ((await repair(arena)).includes('from now on'));
    }
    return [await arena.during({ name: 'power lost', target: 'kafka-1', budget: 'broker killed' }, lose)]
  },
}

const fullestPartition = async ({ site }: Arena): Promise<number> => {
  const log = await openWorldLog(site.system.world)
  try {
    const [fullest] = [...(await log.ends(site.system.world.topics.events))].sort(([, a], [, b]) => b - a)
    if (fullest === undefined) throw new Error('the log has no partition')
    return fullest[0]
  } finally {
    await log.close()
  }
}

export const damageScenarios: readonly Scenario[] = [poison, postgresEmptied, logCut, powerLost]
