import { createHash } from 'node:crypto'
import { check } from '../faults/checker/index.ts'
import type { HistoryEvent } from '../faults/history.ts'
import type { Device } from './client/device.ts'
import { haveConverged, lagOf } from './convergence.ts'
import { muteMs } from './deeds.ts'
import { dumpDevices, dumpHistories, dumpLog, dumpRows } from './dumps.ts'
import { brew, type Weather } from './faults.ts'
import type { Mode } from './modes.ts'
import { outcomesWrong } from './outcomes.ts'
import { enrol } from './people.ts'
import type { Plants } from './planted/plants.ts'
import { employOperator, repairCommands } from './power.ts'
import { probe } from './probe.ts'
import { unpromptOf } from './promptness.ts'
import { createScheduler } from './scheduler.ts'
import { startWorkload } from './workload.ts'
import { createWorld, layOut, type World } from './world.ts'

export interface SimulationOptions {
  readonly seed: number
  readonly mode: Mode
  readonly plants?: Plants
  /** Told of every step and every line of the history, as it happens. */
  readonly onTrace?: (line: string) => void
}

export interface Simulated {
  readonly seed: number
  readonly mode: Mode
  readonly weather: Weather
  /** Every process has another wall clock. */
  readonly isSkewed: boolean
  /** What must never happen, and did; a sentence each. */
  readonly violations: readonly string[]
  readonly history: readonly HistoryEvent[]
  readonly steps: number
  readonly virtualMs: number
  /** Of every step and every line of the history: the same seed has the same. */
  fingerprint(): string
}

/** How long a system that nothing is wrong with may take to start, ms. */
const startMaxMs = 30_000
/** How long people and faults go on, ms. */
const activityMs = 16_000
/** Once healed, everything is done within this, ms: frozen connectors are given up after 35 s, and clients sync every two minutes. */
const convergeMaxMs = 200_000

/** One seed: a whole system from its first start, what people do with it and what befalls it, and a verdict. */
export const simulate = async (options: SimulationOptions): Promise<Simulated> => {
  const { seed, mode, onTrace } = options
  const scheduler = createScheduler(
    onTrace === undefined ? undefined : (atMs, label) => onTrace(`${atMs.toFixed(3)} ${label}`),
  )
  const label = `seed ${seed} ${mode}`
  const world = createWorld({
    ...{ seed, scheduler, label },
    ...(options.plants === undefined ? {} : { plants: options.plants }),
    ...(onTrace === undefined ? {} : { onLog: (line) => onTrace(`${scheduler.nowMs().toFixed(3)} ${line}`) }),
  })
  const random = world.fork()
  const weather: Weather = random.fraction() < 0.2 ? 'breeze' : 'storm'
  const isSkewed = weather === 'storm' && random.fraction() < 0.4
  if (isSkewed)
    world.trouble.skew = (own) => ({
      offsetMs: (own.fraction() * 2 - 1) * 2 * 3_600_000,
      rate: 1 + (own.fraction() * 2 - 1) * 5e-4,
    })
  const found = await live(world, { mode, weather, random })
  const history = world.recorder.end()
  for (const { invariant, detail } of await check(history)) found.push(`${invariant}: ${detail}`)
  found.push(...outcomesWrong(world))
  for (const host of world.hosts) found.push(...host.deaths)
  if (onTrace !== undefined) for (const line of history) onTrace(JSON.stringify(line))
  return {
    ...{ seed, mode, weather, isSkewed, history },
    violations: found,
    steps: scheduler.steps(),
    virtualMs: scheduler.nowMs(),
    fingerprint: () =>
      createHash('sha256')
        .update(`${scheduler.fingerprint()} ${JSON.stringify(history)}`)
        .digest('hex'),
  }
}

interface Run {
  readonly mode: Mode
  readonly weather: Weather
  readonly random: ReturnType<World['fork']>
}

/** Returns what is wrong beyond what the history tells. */
const live = async (world: World, run: Run): Promise<string[]> => {
  const problems: string[] = []
  await layOut(world)
  for (const host of world.hosts) host.start()
  const isUp = () => world.hosts.every((host) => host.isUp() && host.life()?.health.isReady() === true)
  if (!(await world.runUntil(isUp, startMaxMs))) return ['the system does not start']
  const devices = await enrol(world)
  for (const device of devices) device.start()
  if (!(await world.runUntil(() => devices.every((device) => device.isSettled()), startMaxMs)))
    return ['the devices do not connect']

  employOperator(world)
  const workload = startWorkload(world, devices)
  const weathering = brew({ world, devices, random: run.random }, run.weather, activityMs)
  await world.runUntil(() => false, activityMs)
  workload.stop()
  if (run.mode === 'liveness') problems.push(...(await settle(world, devices, weathering.heal)))
  problems.push(...devices.flatMap((device) => device.complaints))
  const endMs = world.scheduler.nowMs()
  dumpLog(world)
  if (run.weather === 'breeze') problems.push(...unpromptOf(world.recorder.history(), endMs))
  if (run.mode === 'safety' || problems.length > 0) return problems
  dumpRows(world)
  dumpDevices(world, devices)
  await dumpHistories(world, new Set(devices.map(({ account }) => account.userId)))
  return problems
}

/** Everything is healed: now everything must get done, and what is asked after that too. */
const settle = async (world: World, devices: readonly Device[], heal: () => void): Promise<readonly string[]> => {
  heal()
  const lagAfter = async (what: string): Promise<readonly string[]> => {
    if (await world.runUntil(() => haveConverged(world, devices), convergeMaxMs)) return []
    return lagOf(world, devices).map((lag) => `not done ${convergeMaxMs} ms after ${what}: ${lag}`)
  }
  const lag = await lagAfter('everything was healed')
  if (lag.length > 0) return lag
  // Where no router has taken the partition since, none has noticed that commands were lost: whoever lost power looks for himself.
  if (world.lostCommands.length > 0) {
    await repairCommands(world)
    const lagOfRepair = await lagAfter('commands were repaired')
    if (lagOfRepair.length > 0) return lagOfRepair
  }
  await world.runUntil(() => false, muteMs) // Everybody may write again.
  await probe(world, devices)
  return []
}
