import { type Clock, sleep } from '@chat/runtime'
import { type Arena, openArena, type Verdict } from '../arena/arena.ts'
import type { Recovery } from '../arena/strike.ts'
import { faultKind, faultKinds } from '../kinds/index.ts'
import { openEvidence, reasonOf } from './evidence.ts'
import { planRounds, type Round } from './nemesis-plan.ts'
import { recoveryRow } from './report.ts'
import { judge, leftIn } from './run-scenarios.ts'

export interface NemesisOptions {
  readonly clock: Clock
  readonly say: (line: string) => void
  readonly seed: number
  readonly brokers: number
  /** Rounds are begun until then, and until `faultsMin` faults were done. */
  readonly minutes: number
  readonly faultsMin?: number
  readonly perSecond: number
  readonly keepsAll?: boolean
  /** What to do instead of what the seed says, however long it takes: a replay. */
  readonly rounds?: readonly Round[]
}

export interface NemesisRun {
  /** undefined: all is well. */
  readonly failure: string | undefined
  readonly faults: number
  readonly recoveries: readonly Recovery[]
  /** undefined: it did not come so far. */
  readonly verdict: Verdict | undefined
}

/** Fault after fault, as the seed chooses, on one system under traffic; each is healed and recovered from before the next comes. */
export const runNemesis = async (options: NemesisOptions): Promise<NemesisRun> => {
  const { clock, say, seed, brokers, minutes, perSecond, faultsMin = 0 } = options
  const done: Round[] = []
  const script = () => ({ seed, brokers, minutes, perSecond, rounds: done })
  const evidence = openEvidence(String(seed), script())
  let arena: Arena | undefined
  let verdict: Verdict | undefined
  let failure: string | undefined
  try {
    arena = await openArena({ clock, label: `nemesis ${seed}`, perSecond, historyPath: evidence.historyPath })
    const endMs = clock.monotonic() + minutes * 60_000
    for (const round of options.rounds ?? planRounds(seed, faultKinds, arena.site)) {
      if (options.rounds === undefined && clock.monotonic() > endMs && arena.faults() >= faultsMin) break
      done.push(round)
      evidence.write(script())
      await sleep(clock, round.pauseMs)
      const hits = round.hits.map(({ fault, target, forMs }) => ({ kind: faultKind(fault), target, forMs }))
      say(recoveryRow(await arena.strike(hits)))
    }
    verdict = await arena.finish()
    failure = judge([`seed ${seed}`], verdict, evidence, arena, options)
  } catch (error) {
    failure = reasonOf(error)
    evidence.keep(arena?.site, failure)
    say(`FAILED seed ${seed}: ${failure}\n${leftIn(evidence)}`)
  }
  await arena?.close()
  return { failure, faults: arena?.faults() ?? 0, recoveries: arena?.recoveries ?? [], verdict }
}
