import { type Clock, sleep } from '@chat/runtime'
import { registerAccounts } from '@chat/stack/system'
import type { Account, Device } from '@chat/testkit'
import { check, fedInvariants, type Invariant, type Violation } from '../checker/index.ts'
import { recordFinals } from '../final.ts'
import type { HistoryEvent } from '../history.ts'
import { createRecorder, type Recorder } from '../recorder.ts'
import { openSite, type Site } from '../site/site.ts'
import { type Crew, createCrew } from './crew.ts'
import { measureAll, warmUpMs } from './measures.ts'
import { budgetTolerance, createStriker, type Striker } from './strike.ts'
import { createTraffic, type Place, type Traffic } from './traffic.ts'

/** A system under traffic whose clients record everything, and in which things can be broken. */
export interface Arena extends Striker {
  readonly site: Site
  readonly recorder: Recorder
  readonly traffic: Traffic
  readonly accounts: readonly Account[]
  readonly devices: readonly Device[]
  readonly places: readonly Place[]
  /** Probed after each fault from now on; spoken in, if it `hasTraffic`. */
  addPlace(place: Place, options: { readonly hasTraffic: boolean }): void
  /** One more device, recorded, kept up to date and dumped like all others; not connected yet. */
  addDevice(account: Account, options?: { readonly urls?: readonly string[] }): Device
  /** The end of the traffic: all is answered, all devices sync, everything is dumped and checked. */
  finish(): Promise<Verdict>
  /** What a scenario leaves open for its devices; called by `close`. */
  atClose(run: () => Promise<void>): void
  close(): Promise<void>
}

export interface Verdict {
  readonly accepted: number
  readonly perSecond: number
  readonly refused: ReadonlyMap<string, number>
  readonly violations: readonly Violation[]
  /** What the history said anything about. */
  readonly fed: ReadonlySet<Invariant>
  /** Processes that ended without being told to. */
  readonly falls: readonly string[]
}

export interface ArenaOptions {
  readonly clock: Clock
  readonly label: string
  readonly perSecond: number
  readonly projectors?: number
  /** What each process holds is compared, once it is warm and at the end; costs the better part of a minute. */
  readonly isMeasured?: boolean
  /** Where the history is written; without it it is in memory only. */
  readonly historyPath?: string
}

const usersCount = 12
/** Clock of this process against the broker's, on one machine, ms. */
const clockErrorMs = 50

export const openArena = async (options: ArenaOptions): Promise<Arena> => {
  const { clock, projectors = 2 } = options
  const site = await openSite({ connectors: 2, routers: 2, projectors, clock })
  try {
    return await openOn(site, options)
  } catch (error) {
    await site.stop()
    throw error
  }
}

const openOn = async (site: Site, options: ArenaOptions): Promise<Arena> => {
  const { clock } = options
  const recorder = openRecorder(options)
  const accounts = [...(await registerAccounts(site.clientUrls, usersCount))]
  const crew = createCrew({ clock, recorder, watched: () => accounts.map(({ userId }) => userId) })
  const { devices } = crew
  for (const [index, account] of accounts.entries())
    crew.add(account, index % 2 === 0 ? site.clientUrls : [...site.clientUrls].reverse())
  await crew.connect()

  // Of those who are here now: who is added later speaks where a scenario says.
  const places = [...(await openPlaces([...devices]))]
  const silent = new Set<Place>()
  const traffic = createTraffic({
    clock,
    perSecond: options.perSecond,
    places: () => places.filter((place) => !silent.has(place)),
  })
  traffic.start()
  if (options.isMeasured === true) await measureWarm({ clock, site, recorder, crew, traffic })
  const startMs = clock.monotonic()
  const acceptedBefore = traffic.counts().accepted
  const leftOpen: (() => Promise<void>)[] = []
  const striker = createStriker({ clock, site, recorder, places: () => places })

  return {
    ...striker,
    site,
    recorder,
    traffic,
    accounts,
    devices,
    places,
    addDevice: (account, { urls = site.clientUrls } = {}) => crew.add(account, urls),
    addPlace: (place, { hasTraffic }) => {
      places.push(place)
      if (!hasTraffic) silent.add(place)
    },
    finish: async () => {
      await traffic.stop()
      const seconds = (clock.monotonic() - startMs) / 1_000
      crew.rest()
      await recordFinals(recorder, { world: site.system.world, urls: site.clientUrls, accounts, devices })
      await crew.close()
      if (options.isMeasured === true) await measureAll({ clock, site, recorder }, 'end')
      const { accepted, refused } = traffic.counts()
      const perSecond = Math.round((accepted - acceptedBefore) / seconds)
      return { accepted, refused, perSecond, ...(await verdictOf(recorder.end(), site)) }
    },
    atClose: (run) => void leftOpen.push(run),
    close: async () => {
      traffic.pause()
      crew.rest()
      await crew.close()
      recorder.end()
      await Promise.allSettled(leftOpen.map((run) => run()))
      await site.stop()
    },
  }
}

/** After some traffic everybody leaves for as long as it takes: connections come and go, what a process holds besides must not. */
const measureWarm = async (
  parts: Parameters<typeof measureAll>[0] & { readonly crew: Crew; readonly traffic: Traffic },
): Promise<void> => {
  const { clock, crew, traffic } = parts
  await sleep(clock, warmUpMs)
  await traffic.stop()
  await crew.close()
  await measureAll(parts, 'start')
  await crew.connect()
  traffic.start()
}

const verdictOf = async (
  history: readonly HistoryEvent[],
  site: Site,
): Promise<Pick<Verdict, 'violations' | 'fed' | 'falls'>> => ({
  violations: await check(history, { budgetTolerance }),
  fed: fedInvariants(history),
  falls: site.seats.filter((seat) => seat.falls() > 0).map((seat) => `${seat.name} × ${seat.falls()}`),
})

/** What still happens after the end, while everything is taken down, is no part of the history. */
const openRecorder = ({ clock, label, historyPath: path }: ArenaOptions): Recorder => {
  const recorder = createRecorder({ clock, label, clockErrorMs, ...(path === undefined ? {} : { path }) })
  let hasEnded = false
  return {
    ...recorder,
    record: (event) => {
      if (!hasEnded) recorder.record(event)
    },
    end: () => {
      hasEnded = true
      return recorder.end()
    },
  }
}

/** Pairs, one group of all and one of half of them; every one has been spoken in. */
const openPlaces = async (devices: readonly Device[]): Promise<readonly Place[]> => {
  const group = async (title: string, members: readonly Device[]): Promise<Place> => {
    const [owner, ...others] = members
    if (owner === undefined) throw new Error('a group of nobody')
    const users = others.map(({ userId }) => userId)
    const created = await owner.request('group.create', { title, visibility: 'private', members: users })
    return { conversation: String(created.conversation), devices: members }
  }
  const pairs = devices.flatMap((device, index): readonly Place[] => {
    const other = index % 2 === 0 ? devices[index + 1] : undefined
    if (other === undefined) return []
    const [low, high] = [device.userId, other.userId].sort((a, b) => a - b)
    return [{ conversation: `d${low}.${high}`, devices: [device, other] }]
  })
  const places = [...pairs, await group('everybody', devices), await group('half', devices.slice(0, 6))]
  await Promise.all(places.map(({ conversation, devices: [first] }) => first?.send(conversation, 'hello')))
  return places
}
