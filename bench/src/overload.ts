import { goodputOf, type LoadPhase, type LoadVerdict, type OpenLoad, offerUpToPeak } from '@chat/testkit'
import { type Summary, summarise } from './percentiles.ts'

interface OverloadOptions {
  /** Tries a second that the search for the peak begins with. */
  readonly rate: number
  readonly seconds: number
  /** At `rate`, before anything is measured: a cold system has a low peak, and would look good later. */
  readonly warmUpSeconds: number
  /** How many times the peak is offered. */
  readonly factor: number
  /** Around the overload itself. */
  readonly onPhase: (phase: 'begin' | 'end') => void
}

export interface PhaseResult {
  readonly offeredPerSecond: number
  readonly goodputPerSecond: number
  readonly refusedPerSecond: number
  readonly keptBackPerSecond: number
  readonly acceptedMs: Summary
  readonly refusedMs: Summary
  /** Of the same tries from when they went out: without what the generator was late. */
  readonly acceptedAnswerMs: Summary
  readonly refusedAnswerMs: Summary
  /** How late the generator was, part of the first two. */
  readonly lateMs: Summary
}

export interface OverloadResult {
  readonly peakPerSecond: number
  readonly ramp: readonly PhaseResult[]
  /** At half of the peak, before. */
  readonly before: PhaseResult
  readonly overload: PhaseResult
  /** At half of the peak, after. */
  readonly after: PhaseResult
  /** goodput of the overload ÷ peak */
  readonly goodputShare: number
  /** After the overload, until nothing was refused and waits were as before; undefined: not within the phase after. */
  readonly normalAfterSeconds: number | undefined
  readonly verdict: LoadVerdict
}

const peakSearch = { stepFactor: 1.3, stepSeconds: 8, stepsMax: 14, fruitlessStepsMax: 2 }
/** Until what the ramp left is through. */
const calmSeconds = 6
const beforeSeconds = 10
const afterSeconds = 30
const settleMaxMs = 30_000

/** Seconds that must be normal one after the other before it counts. */
const normalSeconds = 3
/** Waits are as before: no more than twice as long, or short. */
const normalFactor = 2
const normalMs = 200

/** Finds the peak, offers a multiple of it, and looks how long it takes to be over. */
export const runOverload = async (load: OpenLoad, options: OverloadOptions): Promise<OverloadResult> => {
  const { rate, seconds, factor, onPhase } = options
  await load.run(rate, options.warmUpSeconds)
  const ramp = await findPeak(load, rate)
  const peakPerSecond = Math.max(...ramp.map(({ goodputPerSecond }) => goodputPerSecond))
  const half = Math.round(peakPerSecond / 2)
  await load.run(half, calmSeconds)
  const before = summariseRun(await load.run(half, beforeSeconds))
  onPhase('begin')
  const overload = summariseRun(await load.run(Math.round(peakPerSecond * factor), seconds))
  onPhase('end')
  const after = await load.run(half, afterSeconds)
  const verdict = await load.settle(half, settleMaxMs)
  return {
    peakPerSecond,
    ramp,
    before,
    overload,
    after: summariseRun(after),
    goodputShare: Math.round((overload.goodputPerSecond / peakPerSecond) * 1000) / 1000,
    normalAfterSeconds: normalAfter(after.bySecond.slice(0, afterSeconds), before.acceptedMs.p99),
    verdict,
  }
}

export const findPeak = async (load: Pick<OpenLoad, 'run'>, firstRate: number): Promise<readonly PhaseResult[]> =>
  (await offerUpToPeak(load, { ...peakSearch, firstRate })).map(summariseRun)

/** The first second from which on all was normal for a while. */
export const normalAfter = (bySecond: LoadPhase['bySecond'], p99BeforeMs: number): number | undefined => {
  const mostMs = Math.max(normalMs, p99BeforeMs * normalFactor)
  const isNormal = bySecond.map(
    ({ acceptedMs, refused }) => refused === 0 && acceptedMs.length > 0 && summarise(acceptedMs).p99 <= mostMs,
  )
  const from = isNormal.findIndex(
    (_, second) =>
      second + normalSeconds <= isNormal.length && isNormal.slice(second, second + normalSeconds).every(Boolean),
  )
  return from === -1 ? undefined : from
}

export const isSoundOverload = ({ verdict }: OverloadResult): boolean => {
  const { unanswered, lost, doubled, reordered, closes, refusedForGood } = verdict
  return unanswered + lost + doubled + reordered + closes.length + Object.keys(refusedForGood).length === 0
}

const summariseRun = (phase: LoadPhase): PhaseResult => {
  const perSecond = (count: number) => Math.round(count / phase.seconds)
  return {
    offeredPerSecond: perSecond(phase.offered),
    goodputPerSecond: Math.round(goodputOf(phase)),
    refusedPerSecond: perSecond(phase.refusedMs.length),
    keptBackPerSecond: perSecond(phase.keptBack),
    acceptedMs: summarise(phase.acceptedMs),
    refusedMs: summarise(phase.refusedMs),
    acceptedAnswerMs: summarise(phase.acceptedAnswerMs),
    refusedAnswerMs: summarise(phase.refusedAnswerMs),
    lateMs: summarise(phase.lateMs),
  }
}
