import { type Clock, isFault, type Random, sleep } from '@chat/runtime'
import { createTopics } from '@chat/schemas'
import { type Appended, type EventLog, isValid, type NewRecord, type Offset, type StoredRecord } from './index.ts'
import { type AppendFate, createMemoryStore, type MemoryStore } from './memory.ts'
import {
  Alarm,
  apply,
  cmdOf,
  emptyFold,
  type Fold,
  isChained,
  type Rules,
  readOn,
  stamp,
  textOf,
} from './stamped-fold.ts'

export const soundRules: Rules = {
  isValid,
  resumeAfter: (cmd) => cmd + 1,
  isCommitted: (baseOffset, expected) => baseOffset === expected,
  afterMiss: 'read',
  comparesChain: true,
  comparesConnection: true,
}

export interface Outcome {
  readonly violations: readonly string[]
  readonly alarms: number
  readonly validRecords: number
  readonly invalidRecords: number
}

const writers = 3
const commandsTotal = 24
/** How long a log that is cut now and then lives, ms. */
const cutWorldMs = 120
const { events, commands } = createTopics({ prefix: 'stamped.', partitions: 1, slots: 1 })

/** How many events a command causes: one or two, which must stay together. */
const effectsOf = (cmd: Offset): number => (cmd % 5 === 0 ? 2 : 1)

/** Every kind of trouble between a writer and the log. */
const troubles = (random: Random) => (): AppendFate => {
  const ms = (max: number) => Math.floor(random.fraction() * max)
  const kind = random.fraction()
  const landsAfterMs = ms(4)
  if (kind < 0.1) return { landsAfterMs, answer: 'lost' }
  if (kind < 0.16) return { landsAfterMs, copies: 0 }
  if (kind < 0.24)
    return { landsAfterMs, copies: 2, copiesAfterMs: ms(80), answer: random.fraction() < 0.5 ? 'lost' : 'given' }
  if (kind < 0.36) return { landsAfterMs: ms(60) }
  if (kind < 0.46) return { landsAfterMs: ms(200), copies: random.fraction() < 0.3 ? 2 : 1, answer: 'early' }
  if (kind < 0.56) return { landsAfterMs, answersAfterMs: ms(60) }
  return { landsAfterMs }
}

/** A clock that the test moves. */
export interface MovedClock extends Clock {
  advance(ms: number): Promise<void>
  runUntil(predicate: () => boolean, maxVirtualMs: number): Promise<void>
}

interface World {
  readonly store: MemoryStore
  readonly clock: MovedClock
  readonly random: Random
  readonly rules: Rules
  /** Ends writers and cuts. */
  readonly stop: AbortController
  /** Ends readers, each after one more look. */
  readonly finish: AbortController
  /** Text → offset at which a writer said it is committed. */
  readonly acknowledged: Map<string, Offset>
  /** Events that a writer said are committed although they do not continue what stands before them. */
  readonly unchained: string[]
  alarms: number
}

/** One life of a partition with three writers that all believe they own it; `cuts`: its end is cut off now and then. */
export const runWorld = async (
  clock: MovedClock,
  random: Random,
  rules: Rules,
  cuts: 'cuts' | 'no_cuts',
): Promise<Outcome> => {
  const trouble = troubles(random)
  const store = createMemoryStore({ clock, faults: (_, name) => (name === 'writer' ? trouble() : undefined) })
  const world: World = {
    store,
    clock,
    random,
    rules,
    stop: new AbortController(),
    finish: new AbortController(),
    acknowledged: new Map(),
    unchained: [],
    alarms: 0,
  }
  const running = [feed(world, cuts), interrupt(world), ...Array.from({ length: writers }, () => write(world))]
  const readers = Array.from({ length: 2 }, () => poll(world))
  const tailed = cuts === 'no_cuts' ? followTail(world) : undefined
  if (cuts === 'cuts') running.push(cut(world))

  const partition = store.partition(events, 0)
  const isDone = () => {
    const seen = new Set(partition.slice(0, partition.end()).filter(isValid).map(cmdOf))
    return cuts === 'cuts' ? clock.now() > cutWorldMs : seen.size === commandsTotal || clock.now() > 20_000
  }
  await clock.runUntil(isDone, 60_000)
  world.stop.abort()
  await clock.advance(600) // What was given up early may still land.
  await Promise.all(running)
  world.finish.abort()
  await clock.advance(60)
  const folds = await Promise.all([...readers, ...(tailed === undefined ? [] : [tailed])])

  const records = partition.slice(0, partition.end())
  const valid = records.filter(isValid)
  const violations = cuts === 'cuts' ? [...world.unchained, ...differences(folds, valid)] : broken(world, folds, valid)
  const counts = { validRecords: valid.length, invalidRecords: records.length - valid.length }
  return { violations, alarms: world.alarms, ...counts }
}

const pause = (world: World, maxMs: number): Promise<void> =>
  sleep(world.clock, 1 + Math.floor(world.random.fraction() * maxMs))

/** Without cuts a number of commands; with cuts until the end, so that what is cut is soon written over. */
const feed = async (world: World, cuts: 'cuts' | 'no_cuts'): Promise<void> => {
  const log = world.store.client('feeder')
  const total = cuts === 'cuts' ? Number.POSITIVE_INFINITY : commandsTotal
  for (let fed = 0; fed < total && !world.stop.signal.aborted; ) {
    const count = Math.min(total - fed, 1 + Math.floor(world.random.fraction() * 4))
    const records = Array.from({ length: count }, () => ({ key: null, value: null, headers: {} }))
    try {
      await log.append({ topic: commands, partition: 0, records })
      fed += count
    } catch (error) {
      if (!isFault(error, 'log_unavailable')) throw error // Nothing goes wrong with what it sends but that.
    }
    await pause(world, 20)
  }
}

/** The leader is away for a while, now and then. */
const interrupt = async (world: World): Promise<void> => {
  while (!world.stop.signal.aborted) {
    await pause(world, 150)
    world.store.interrupt(
      world.random.fraction() < 0.7 ? events : commands,
      0,
      Math.floor(world.random.fraction() * 30),
    )
  }
}

const cut = async (world: World): Promise<void> => {
  const partition = world.store.partition(events, 0)
  while (!world.stop.signal.aborted) {
    await pause(world, 40)
    world.store.truncate(events, 0, partition.end() - Math.floor(world.random.fraction() * 5))
  }
}

/** The owner's loop: restore, decide what waits, append stamped, and on anything but a plain success read and decide again. [G8] */
const write = async (world: World): Promise<void> => {
  const { rules, stop } = world
  const log = world.store.client('writer')
  const connection: Connection = { last: undefined }
  let fold = emptyFold()
  let shouldRead = true
  while (!stop.signal.aborted) {
    try {
      if (shouldRead) await readOn(fold, log, events, rules, new AbortController().signal)
      shouldRead = false
      const end = (await log.ends(commands)).get(0) ?? 0
      const until = Math.min(end, fold.resume + 1 + Math.floor(world.random.fraction() * 4))
      if (until > fold.resume) shouldRead = !(await decideAndAppend(world, log, fold, until, connection))
    } catch (error) {
      shouldRead = true
      if (!isFault(error, 'log_unavailable')) fold = alarmed(error, world)
    }
    await pause(world, shouldRead ? 20 : 6)
    if (shouldRead && rules.afterMiss === 'stamp_anew') {
      fold.next = world.store.partition(events, 0).end()
      shouldRead = false
    }
  }
}

const alarmed = (error: unknown, world: World): Fold => {
  if (!(error instanceof Alarm)) throw error
  world.alarms++
  return emptyFold()
}

interface Connection {
  /** Of the last append that was answered. */
  last: number | undefined
}

/** Decides the commands before `until` and appends their events. True: committed, and the fold has them. */
const decideAndAppend = async (
  world: World,
  log: EventLog,
  fold: Fold,
  until: Offset,
  connection: Connection,
): Promise<boolean> => {
  const { rules } = world
  const draft: NewRecord[] = []
  let chain = fold.chain
  for (let cmd = fold.resume; cmd < until; cmd++)
    for (let effect = 0; effect < effectsOf(cmd); effect++) {
      const seq = fold.valid.length + draft.length
      // The time makes what is decided again after a cut another event, as other commands would.
      const record = stamp(chain, fold.next + draft.length, cmd, `${cmd}.${effect} seq ${seq} at ${world.clock.now()}`)
      chain = record.headers.chain ?? ''
      draft.push(record)
    }
  const expected = fold.next
  let appended: Appended
  try {
    appended = await log.append({ topic: events, partition: 0, records: draft })
  } catch {
    return false // Nothing is known: the caller reads.
  }
  if (!rules.isCommitted(appended.baseOffset, expected)) return false
  const isSame = appended.connection === connection.last
  connection.last = appended.connection
  if (rules.comparesConnection && !isSame) return false
  for (const [index, record] of draft.entries()) {
    const offset = expected + index
    apply(fold, { ...record, key: null, offset, timestamp: 0 }, { ...rules, isValid: () => true })
    world.acknowledged.set(textOf(record), offset)
  }
  checkChain(world, expected + draft.length - 1, chain)
  return true
}

/** What was acknowledged continues what stands before it, unless it was cut off again before its answer came. */
const checkChain = ({ store, unchained, rules }: World, last: Offset, chain: string): void => {
  const partition = store.partition(events, 0)
  const records = partition.slice(0, partition.end())
  if (records[last]?.headers.chain === chain && !isChained(records, last, rules))
    unchained.push(`acknowledged at ${last}, on top of another log`)
}

/** A reader that keeps its place and comes back to it, as a projection does. It starts over after an alarm. */
const poll = async (world: World): Promise<Fold> => {
  const log = world.store.client('reader')
  let fold = emptyFold()
  for (let isLast = false; ; isLast = world.finish.signal.aborted) {
    try {
      await readOn(fold, log, events, world.rules, new AbortController().signal)
      if (isLast) return fold
    } catch (error) {
      if (!isFault(error, 'log_unavailable')) fold = alarmed(error, world)
      if (isLast) return fold
    }
    await pause(world, 50)
  }
}

const followTail = async (world: World): Promise<Fold> => {
  const fold = emptyFold()
  for await (const records of world.store.client('tail').tail(events, 0, 0, world.finish.signal))
    for (const record of records) apply(fold, record, { ...world.rules, comparesChain: false })
  return fold
}

const listing = (records: readonly StoredRecord[]): string =>
  records.map((record) => `${record.offset}:${textOf(record)}`).join(', ')

/** With cuts: whoever still believes in what it read has read what stands in the log. Giving up (an empty fold) is right too. */
const differences = (folds: readonly Fold[], valid: readonly StoredRecord[]): readonly string[] =>
  folds
    .filter((fold) => fold.valid.length > 0 && listing(fold.valid) !== listing(valid))
    .map((fold) => `a reader believes in ${listing(fold.valid)}, the log says ${listing(valid)}`)

/** Without cuts: every promise of the stamped append. */
const broken = (world: World, folds: readonly Fold[], valid: readonly StoredRecord[]): readonly string[] => {
  const expected = Array.from({ length: commandsTotal }, (_, cmd) => cmd).flatMap((cmd) =>
    Array.from({ length: effectsOf(cmd) }, (_, effect) => `${cmd}.${effect}`),
  )
  const effects = expected.map((effect, seq) => `${effect} seq ${seq}`)
  const texts = valid.map((record) => textOf(record).replace(/ at \d+$/, ''))
  const at = new Map(valid.map((record) => [textOf(record), record.offset]))
  const lost = [...world.acknowledged].filter(([text, offset]) => at.get(text) !== offset)
  const problems: string[] = []
  if (texts.join() !== effects.join()) problems.push(`effects are ${texts.join(', ')}`)
  if (lost.length > 0) problems.push(`acknowledged, but not there: ${lost.join(' ')}`)
  for (const fold of folds)
    if (listing(fold.valid) !== listing(valid)) problems.push(`a reader saw ${listing(fold.valid)}`)
  if (world.alarms > 0) problems.push(`${world.alarms} alarms without a cut`)
  return problems
}
