import type { AppendFate, AppendFaults } from '@chat/event-log/memory'
import type { Random } from '@chat/runtime'
import type { TopicKind } from '@chat/schemas'
import type { Device } from './client/device.ts'
import type { Host } from './host.ts'
import type { Cable } from './ports/network.ts'
import { losePower } from './power.ts'
import { partitions, type World } from './world.ts'

/** A thing that can go wrong. */
interface FaultKind {
  /** As the recovery budgets call it, where they do. */
  readonly name: string
  /** How long it lasts, ms: drawn between the two. 0: it is over in a moment. */
  readonly lastsMs: readonly [number, number]
  /** Makes it happen; returns whom it befell and what ends it, or undefined when there is nobody to befall. */
  readonly begin: (scene: Scene) => { readonly target: string; readonly end: () => void } | undefined
}

export interface Scene {
  readonly world: World
  readonly devices: readonly Device[]
  readonly random: Random
}

const nothing = () => {}

const pick = <T>(items: readonly T[], random: Random): T | undefined =>
  items[Math.floor(random.fraction() * items.length)]

const hostOf = ({ world, random }: Scene, kind?: Host['kind']): Host | undefined =>
  pick(
    world.hosts.filter((host) => (kind === undefined || host.kind === kind) && host.life() !== undefined),
    random,
  )

const killed = (kind: Host['kind']): FaultKind => ({
  name: `${kind} killed`,
  lastsMs: [100, 7000],
  begin: (scene) => {
    const host = hostOf(scene, kind)
    if (host === undefined) return undefined
    host.crash(scene.random.fraction() < 0.5 ? 'land' : 'lose')
    return { target: host.name, end: host.start }
  },
})

const terminated = (kind: Host['kind']): FaultKind => ({
  name: `${kind} terminated`,
  lastsMs: [0, 0],
  begin: (scene) => {
    const host = hostOf(scene, kind)
    host?.terminate()
    return host === undefined ? undefined : { target: host.name, end: nothing }
  },
})

const frozen = (kind: Host['kind']): FaultKind => ({
  name: `${kind} frozen`,
  lastsMs: [200, 14_000],
  begin: (scene) => {
    const host = hostOf(scene, kind)
    host?.freeze()
    return host === undefined ? undefined : { target: host.name, end: host.thaw }
  },
})

const store = (name: string, lastsMs: FaultKind['lastsMs'], of: (world: World) => World['trouble']['redis']) => ({
  away: {
    name: name === 'database' ? 'postgres away' : `${name} away`,
    lastsMs,
    begin: ({ world }: Scene) => {
      const state = of(world)
      state.isAway = true
      return { target: name, end: () => void Object.assign(state, { isAway: false }) }
    },
  },
  forgetful: {
    name: `${name} loses answers`,
    lastsMs,
    begin: ({ world }: Scene) => {
      const state = of(world)
      state.lostAnswers = 0.2
      return { target: name, end: () => void Object.assign(state, { lostAnswers: 0 }) }
    },
  },
})

const redis = store('redis', [200, 7000], (world) => world.trouble.redis)
const database = store('database', [200, 6000], (world) => world.trouble.database)

const redisWiped: FaultKind = {
  name: 'redis wiped',
  lastsMs: [0, 0],
  begin: ({ world }) => {
    world.presence.wipe()
    return { target: 'redis', end: nothing }
  },
}

/** A dump is taken, and comes back after a while: leases are as they were, or have run out, and everything since is forgotten. */
const redisRestored: FaultKind = {
  name: 'redis restored',
  lastsMs: [200, 16_000],
  begin: ({ world }) => ({ target: 'redis', end: world.presence.save() }),
}

const leaderGone: FaultKind = {
  name: 'broker killed',
  lastsMs: [300, 6000],
  begin: ({ world, random }) => {
    const first = Math.floor(random.fraction() * partitions)
    const gone = random.fraction() < 0.3 ? Array.from({ length: partitions }, (_, p) => p) : [first]
    for (const partition of gone) world.trouble.outages.begin(partition)
    return {
      target: gone.join(),
      end: () => {
        for (const partition of gone) world.trouble.outages.end(partition)
      },
    }
  },
}

/** As above, by the store: what is on the way and would land meanwhile is lost. */
const leaderLost: FaultKind = {
  name: 'broker killed',
  lastsMs: [0, 0],
  begin: ({ world, random }) => {
    const partition = Math.floor(random.fraction() * partitions)
    const ms = 200 + random.fraction() * 4000
    for (const topic of [world.topics.events, world.topics.commands, world.topics.receipts])
      if (random.fraction() < 0.7) world.store.interrupt(topic, partition, ms)
    return { target: String(partition), end: nothing }
  },
}

const powerLost: FaultKind = {
  name: 'power lost',
  lastsMs: [100, 5000],
  begin: ({ world, random }) => ({ target: 'commands', end: losePower(world, random) }),
}

/** Every kind of trouble between a process and the log: late, lost, doubled, unanswered, overtaken. */
const fateOf = (random: Random, kind: TopicKind): AppendFate | undefined => {
  const fate = anyFateOf(random)
  if (kind !== 'commands' || fate === undefined) return fate
  // The port's word: a command is sent once. What was given up may land all the same, behind its repetition by the client. [G11]
  return { ...fate, copies: fate.copies === 0 ? 0 : 1 }
}

const anyFateOf = (random: Random): AppendFate | undefined => {
  const ms = (max: number) => random.fraction() * max
  const kind = random.fraction()
  if (kind < 0.5) return undefined
  if (kind < 0.58) return { landsAfterMs: ms(50), answer: 'lost' }
  if (kind < 0.64) return { landsAfterMs: ms(50), copies: 0 }
  if (kind < 0.72) return { landsAfterMs: ms(50), copies: 2, answer: random.fraction() < 0.5 ? 'lost' : 'given' }
  if (kind < 0.82) return { landsAfterMs: ms(600) }
  if (kind < 0.92) return { landsAfterMs: ms(2500), copies: random.fraction() < 0.3 ? 2 : 1, answer: 'early' }
  return { answersAfterMs: ms(800) }
}

const logShaken: FaultKind = {
  name: 'log shaken',
  lastsMs: [500, 8000],
  begin: ({ world, random }) => {
    const target = random.fraction() < 0.5 ? undefined : pick(['events', 'commands', 'deliveries', 'receipts'], random)
    const appends: AppendFaults = (batch) =>
      target === undefined || batch.topic.kind === target ? fateOf(random, batch.topic.kind) : undefined
    world.trouble.appends = appends
    return {
      target: target ?? 'all',
      end: () => {
        if (world.trouble.appends === appends) world.trouble.appends = undefined
      },
    }
  },
}

const groups = ['s.routers', 's.projectors']

const regrouped: FaultKind = {
  name: 'group rebalanced',
  lastsMs: [0, 0],
  begin: ({ world, random }) => {
    const group = pick(groups, random) ?? ''
    world.store.groups.rotate(group)
    return { target: group, end: nothing }
  },
}

const confused: FaultKind = {
  name: 'group confused',
  lastsMs: [200, 6000],
  begin: ({ world, random }) => {
    const group = pick(groups, random) ?? ''
    world.store.groups.confuse(group)
    return { target: group, end: () => world.store.groups.heal(group) }
  },
}

const expelled: FaultKind = {
  name: 'member expelled',
  lastsMs: [0, 0],
  begin: (scene) => {
    const host = hostOf(scene, scene.random.fraction() < 0.6 ? 'router' : 'projector')
    host?.expel()
    return host === undefined ? undefined : { target: host.name, end: nothing }
  },
}

const cabled = (
  name: string,
  lastsMs: FaultKind['lastsMs'],
  does: (cable: Cable, random: Random) => () => void,
): FaultKind => ({
  ...{ name, lastsMs },
  begin: ({ devices, random }) => {
    const device = pick(devices, random)
    const cable = device?.session()?.cable
    return device === undefined || cable === undefined ? undefined : { target: device.id, end: does(cable, random) }
  },
})

const cut = cabled('devices cut', [0, 0], (cable) => {
  cable.cut()
  return nothing
})
/** Both ends find out by their heartbeats, or when the network tells them at last. */
const halved = cabled('half open', [5000, 70_000], (cable) => {
  cable.halve()
  return cable.cut
})
const slowed = cabled('slow link', [2000, 15_000], (cable, random) => {
  cable.slow(200 + random.fraction() * 2500)
  return () => cable.slow(0)
})

const kinds: readonly FaultKind[] = [
  ...[killed('router'), killed('projector'), killed('connector')],
  ...[terminated('router'), terminated('projector'), terminated('connector')],
  ...[frozen('router'), frozen('projector'), frozen('connector')],
  ...[redis.away, redis.forgetful, redisWiped, redisRestored, database.away, database.forgetful],
  ...[leaderGone, leaderLost, powerLost, logShaken, logShaken, regrouped, confused, expelled, cut, cut, halved, slowed],
]

/** One thing that goes wrong at its time. */
interface Planned {
  readonly kind: FaultKind
  readonly atMs: number
  readonly lastsMs: number
}

export type Weather = 'storm' | 'breeze'

const planOf = (random: Random, weather: Weather, durationMs: number): readonly Planned[] => {
  // Not everything in every run: what always happens together hides what each of it does.
  const chosen = weather === 'breeze' ? [cut] : kinds.filter(() => random.fraction() < 0.3)
  const count = weather === 'breeze' ? 32 : 2 + Math.floor(random.fraction() * 9)
  return Array.from({ length: chosen.length === 0 ? 0 : count }, () => {
    const kind = pick(chosen, random) ?? cut
    const [least, most] = kind.lastsMs
    return { kind, atMs: random.fraction() * durationMs, lastsMs: least + random.fraction() * (most - least) }
  })
}

/** What goes wrong, and the end of it all. */
export interface Weathering {
  /** Ends everything that still goes on, and lets nothing new begin. */
  heal(): void
}

/**
 * `storm`: a few kinds of faults, drawn for the run, come at any time, and in every other run all clocks are up to two hours wrong.
 * `breeze`: nothing but clients that lose their connection, slow appends and slow commits: everything must then happen at once.
 */
export const brew = (scene: Scene, weather: Weather, durationMs: number): Weathering => {
  const { world, random } = scene
  const ends = new Map<number, () => void>()
  let count = 0
  let isHealed = false

  const strike = ({ kind, lastsMs }: Planned) => {
    if (isHealed) return
    const begun = kind.begin(scene)
    if (begun === undefined) return
    const fault = count++
    world.recorder.record({ what: 'faultBegun', fault, name: kind.name, target: begun.target })
    const end = () => {
      if (!ends.delete(fault)) return
      begun.end()
      world.recorder.record({ what: 'faultEnded', fault })
    }
    ends.set(fault, end)
    if (lastsMs > 0) world.later(lastsMs, `${kind.name} ends`, end)
    else end()
  }

  // Slow, and nothing else: what happens while an append is under way must be right too.
  if (weather === 'breeze') {
    world.trouble.slowCommitsMs = 400
    world.trouble.appends = ({ topic }) =>
      topic.kind === 'events' && random.fraction() < 0.5 ? { landsAfterMs: random.fraction() * 200 } : undefined
  }
  for (const planned of planOf(random, weather, durationMs))
    world.later(planned.atMs, planned.kind.name, () => strike(planned))
  return {
    heal: () => {
      isHealed = true
      world.trouble.appends = undefined
      world.trouble.slowCommitsMs = 0
      for (const end of ends.values()) end()
      for (const host of world.hosts) host.start()
    },
  }
}
