import type { LargeGroupStay, ReadModels } from '@chat/read-models'
import {
  type Backoff,
  backoffMs,
  type Cancel,
  type Clock,
  every,
  isFault,
  type Logger,
  type Random,
  sleep,
} from '@chat/runtime'
import { readWaitMs } from '@chat/schemas/protocol'
import type { PushedEvent } from '../deliveries/pushed-event.ts'
import type { Registrar } from '../registrar.ts'
import type { Watermark } from '../watermark.ts'
import { changeOf, LargeGroup, type Told } from './large-group.ts'

/** Users whose groups are read in one query. */
const usersPerReadMax = 1000
/** A group that nobody here was a member of for one to two of these is taken back, ms: who only reconnects is back by then. */
const sweepMs = 60_000
/** Frames kept for those whose groups are being read, bytes; over it they are told to sync instead. */
const keptBytesMax = 4 * 1024 * 1024
/** Between two readings of which the first settled nobody. */
const readBackoff: Backoff = { firstMs: 20, maxMs: 2000 }

/**
 * Who of the users here is a member of which large group: what routers tell to all members goes by that. Read from the read models when
 * somebody comes, kept up by the events themselves, and read again where one did not come.
 *
 * The order that loses nothing is that of logins: the groups are registered, and acknowledged, before the end of the log is asked for, and a
 * user counts as settled when the read models had passed that end and his groups were read once more. What comes meanwhile is kept for him. [G1]
 */
export interface LargeGroups {
  start(): void
  stop(): void
  /** Once for each hello, before its watermark: resolves when every group that the user is known to be in is registered. Throws Fault. [G1] */
  enter(user: number): Promise<void>
  /** Resolves when it is known what groups the user is in, or that he is gone. */
  settled(user: number): Promise<void>
  /** His last connection went. */
  leave(user: number): void
  /** Who gets an event: whom it names, and the members of its group where it goes to all of them. */
  take(told: Told): readonly number[]
  /** Those that are to be registered. */
  conversations(): readonly string[]
  /** Something may not have come: everybody's groups are read once more, beside what goes on. */
  refresh(): void
  /** Groups that are known, and users whose groups are being read. */
  counts(): { readonly groups: number; readonly unsettled: number }
}

interface Ports {
  readonly readModels: Pick<ReadModels, 'largeGroups' | 'waitFor'>
  readonly watermark: Watermark
  readonly registrar: Pick<Registrar, 'registerGroups' | 'unregisterGroups'>
  readonly isConnected: (user: number) => boolean
  readonly push: (users: readonly number[], event: PushedEvent) => void
  /** These users have to sync. */
  readonly resync: (users: readonly number[]) => void
  readonly largeGroupMembers: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly onFatal: (error: unknown) => void
}

type Place = NonNullable<PushedEvent['place']>

/** A user whose groups are being read. */
interface Unsettled {
  /** What came before is not for him. */
  readonly fromCount: number
  /** Groups of which events named him meanwhile → the seq of the first that did. */
  readonly named: Map<string, number>
  /** One of them did since this reading began: what is read may be older. */
  isOutdated: boolean
  readonly settled: PromiseWithResolvers<void>
  /** Something that he should have been told did not come here. */
  mustResync: boolean
}

export const createLargeGroups = (ports: Ports): LargeGroups => {
  const { readModels, watermark, registrar, clock, random, logger, largeGroupMembers, onFatal } = ports
  const groups = new Map<string, LargeGroup>()
  const groupsOf = new Map<number, Set<LargeGroup>>()
  /** Who said hello; a connection that has not yet is none of ours. */
  const here = new Set<number>()
  const entering = new Map<number, PromiseWithResolvers<void>>()
  const toEnter = new Set<number>()
  const unsettled = new Map<number, Unsettled>()
  /** Events of large groups that came, and readings that began. */
  let count = 0
  let readings = 0
  let keptBytes = 0
  let isEntering = false
  let isSettling = false
  let cancelSweep: Cancel = () => {}
  const stopping = new AbortController()

  const isHere = (user: number) => here.has(user)

  const groupOf = (conversation: string): LargeGroup => {
    const group = groups.get(conversation) ?? new LargeGroup(conversation)
    groups.set(conversation, group)
    group.isIdle = false
    return group
  }

  const remember = (user: number, group: LargeGroup) => {
    const own = groupsOf.get(user)
    if (own === undefined) groupsOf.set(user, new Set([group]))
    else own.add(group)
  }

  const registerAll = async () => {
    const missing = [...groups.values()].filter(({ registeredAt }) => registeredAt === undefined)
    if (missing.length === 0) return
    await registrar.registerGroups(missing.map(({ conversation }) => conversation))
    for (const group of missing) group.registeredAt = readings
  }

  // Who comes.

  const enterAll = async () => {
    isEntering = true
    while (toEnter.size > 0) {
      const users = [...toEnter].slice(0, usersPerReadMax)
      for (const user of users) toEnter.delete(user)
      await enterSome(users)
    }
    isEntering = false
  }

  const enterSome = async (users: readonly number[]) => {
    try {
      for (const { conversation } of await readModels.largeGroups(users, largeGroupMembers)) groupOf(conversation)
      await registerAll()
      for (const user of users) if (isHere(user)) unsettle(user)
      for (const user of users) entered(user)?.resolve()
    } catch (error) {
      for (const user of users) {
        here.delete(user)
        entered(user)?.reject(error)
      }
    }
  }

  const entered = (user: number) => {
    const waiting = entering.get(user)
    entering.delete(user)
    return waiting
  }

  // Whose groups are read.

  const unsettle = (user: number, mustResync = false): Unsettled => {
    const one = unsettled.get(user) ?? {
      ...{ fromCount: count + 1, settled: Promise.withResolvers<void>() },
      ...{ named: new Map(), isOutdated: false, mustResync },
    }
    unsettled.set(user, one)
    one.mustResync ||= mustResync
    if (!isSettling) settleAll().catch((error) => (stopping.signal.aborted ? undefined : onFatal(error)))
    return one
  }

  const settleAll = async () => {
    isSettling = true
    await Promise.resolve() // All whom one event names are read together.
    let failures = 0
    while (unsettled.size > 0) {
      const isProgress = await settleSome().catch((error: unknown) => {
        if (!isFault(error)) throw error
        if (failures === 0) logger.warn({ err: error, users: unsettled.size }, 'large groups not read')
        return false
      })
      failures = isProgress ? 0 : failures + 1
      if (!isProgress) await sleep(clock, backoffMs(readBackoff, failures - 1, random), stopping.signal)
    }
    isSettling = false
    forgetKept()
  }

  /** The order of the steps is what loses nothing, as for a login. false: nobody was settled. [G1] */
  const settleSome = async (): Promise<boolean> => {
    const batch = [...unsettled].slice(0, usersPerReadMax)
    for (const [, one] of batch) one.isOutdated = false
    await registerAll() // [G1]
    const reading = ++readings
    const end = await watermark.now()
    if (!(await readModels.waitFor(end, readWaitMs))) return false
    const users = batch.map(([user]) => user)
    const stays = await readModels.largeGroups(users, largeGroupMembers)
    for (const { conversation } of stays) groupOf(conversation)
    const byUser = Map.groupBy(stays, ({ user }) => user)
    const resyncing: number[] = []
    let isProgress = false
    for (const [user, one] of batch) {
      if (unsettled.get(user) !== one) continue // He went, and perhaps came back since.
      unsettled.delete(user)
      const isOver = settle(user, one, byUser.get(user) ?? [], reading)
      isProgress ||= isOver || one.isOutdated
      if (!isOver) {
        unsettled.set(user, one) // Behind all others: whose groups cannot be read for long holds up nobody.
        continue
      }
      if (one.mustResync) resyncing.push(user)
      one.settled.resolve()
    }
    if (resyncing.length > 0) ports.resync(resyncing)
    return isProgress
  }

  /** false: some group of his has to be read again. */
  const settle = (user: number, one: Unsettled, stays: readonly LargeGroupStay[], reading: number): boolean => {
    let isWhole = !one.isOutdated
    for (const { conversation, joinedSeq, lastSeq } of stays) {
      const group = groupOf(conversation)
      // To one that was registered after the end of the log was asked for, something may not have come, whatever else is read again.
      const isLate = group.registeredAt === undefined || group.registeredAt >= reading
      if (one.isOutdated && !isLate) continue
      const due = isLate ? 'again' : group.settle(user, joinedSeq, lastSeq, one.fromCount)
      if (due === 'again') {
        isWhole = false
        one.mustResync = true
        continue
      }
      const namedAt = one.named.get(conversation)
      // Something was told to members alone before it was registered: it went past here.
      if (namedAt !== undefined && !group.hasSeenAll(namedAt, lastSeq)) one.mustResync = true
      if (group.has(user)) remember(user, group)
      for (const event of due) ports.push([user], event)
    }
    return isWhole
  }

  // What is told.

  const take = (told: Told): readonly number[] => {
    const { place } = told.pushed
    if (place === undefined) return told.users
    const known = groups.get(place.conversation)
    if (known === undefined && !told.isLarge) return told.users
    const members = known === undefined ? [] : takeIn(known, place.seq, told)
    if (told.isLarge) for (const user of unknownOf(told)) toBeRead(user, place, told)
    return members.length === 0 ? told.users : [...new Set([...told.users, ...members])]
  }

  const takeIn = (group: LargeGroup, seq: number, told: Told): readonly number[] => {
    count++
    if (unsettled.size > 0) keep(group, seq, told)
    const due = group.take(seq, count, told, isHere)
    const { joined } = changeOf(told.event)
    if (joined !== undefined && group.has(joined)) remember(joined, group)
    if (due !== 'hole') return due
    logger.debug({ conversation: group.conversation, seq }, 'hole in a large group, members are read again')
    for (const user of group.lose(count)) {
      groupsOf.get(user)?.delete(group)
      unsettle(user, true)
    }
    return []
  }

  const keep = (group: LargeGroup, seq: number, told: Told) => {
    keptBytes += told.pushed.frame.length
    if (keptBytes <= keptBytesMax) return group.keep(seq, count, told)
    forgetKept()
    for (const one of unsettled.values()) one.mustResync = true
  }

  const forgetKept = () => {
    keptBytes = 0
    for (const group of groups.values()) group.forgetKept()
  }

  /** Those whom the event names as members, though nothing is known of that here. */
  const unknownOf = ({ event, pushed: { place }, users }: Told): readonly number[] => {
    const { left, asked } = changeOf(event)
    const group = groups.get(place?.conversation ?? '')
    return users.filter((user) => isHere(user) && user !== left && user !== asked && group?.has(user) !== true)
  }

  /** What routers tell to members came here only if the group was registered. */
  const toBeRead = (user: number, { conversation, seq }: Place, { event, toMembers }: Told) => {
    const { registeredAt } = groupOf(conversation)
    const one = unsettle(user, toMembers && registeredAt === undefined)
    const isFirst = !one.named.has(conversation)
    if (isFirst) one.named.set(conversation, seq)
    one.isOutdated ||= isFirst || changeOf(event).joined === user
  }

  const sweep = () => {
    const idle = [...groups.values()].filter(({ isEmpty }) => isEmpty)
    const ended = idle.filter(({ isIdle }) => isIdle).map(({ conversation }) => conversation)
    for (const group of idle) group.isIdle = true
    for (const conversation of ended) groups.delete(conversation)
    if (ended.length > 0) registrar.unregisterGroups(ended)
  }

  return {
    start: () => {
      cancelSweep = every(clock, sweepMs, sweep)
    },
    stop: () => {
      cancelSweep()
      stopping.abort(new Error('stopping'))
    },
    enter: (user) => {
      const waiting = entering.get(user)
      if (waiting !== undefined) return waiting.promise
      if (isHere(user) || !ports.isConnected(user)) return Promise.resolve()
      const begun = Promise.withResolvers<void>()
      entering.set(user, begun)
      here.add(user)
      toEnter.add(user)
      if (!isEntering) enterAll().catch(onFatal)
      return begun.promise
    },
    settled: async (user) => unsettled.get(user)?.settled.promise,
    leave: (user) => {
      here.delete(user)
      toEnter.delete(user)
      entered(user)?.resolve()
      unsettled.get(user)?.settled.resolve()
      unsettled.delete(user)
      for (const group of groupsOf.get(user) ?? []) group.leave(user)
      groupsOf.delete(user)
    },
    take,
    conversations: () => [...groups.keys()],
    refresh: () => {
      for (const user of here) unsettle(user).isOutdated = true
    },
    counts: () => ({ groups: groups.size, unsettled: unsettled.size }),
  }
}
