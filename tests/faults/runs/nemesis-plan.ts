import type { Random } from '@chat/runtime'
import { createSeededRandom } from '@chat/testkit'
import type { FaultKind, Targets } from '../kinds/index.ts'

/** One or two faults at once, by name: what a script consists of. */
export interface Round {
  readonly hits: readonly { readonly fault: string; readonly target: string; readonly forMs: number }[]
  /** Of peace before it. */
  readonly pauseMs: number
}

/** How often a second fault comes with the first. */
const pairPart = 0.45
const pauseMaxMs = 1_500

/** Round after round, for ever; the same for the same seed and targets. */
export function* planRounds(seed: number, kinds: readonly FaultKind[], targets: Targets): Generator<Round> {
  const random = createSeededRandom(seed)
  for (;;) {
    const first = chooseKind(random, kinds)
    const others = kinds.filter(({ part }) => part !== first.part)
    const chosen = random.fraction() < pairPart && others.length > 0 ? [first, chooseKind(random, others)] : [first]
    yield {
      pauseMs: Math.floor(random.fraction() * pauseMaxMs),
      hits: chosen.map((kind) => {
        const [from, to] = kind.lastsMs
        return {
          fault: kind.name,
          target: chooseOne(random, kind.targets(targets)),
          forMs: from + Math.floor(random.fraction() * (to - from)),
        }
      }),
    }
  }
}

const chooseKind = (random: Random, kinds: readonly FaultKind[]): FaultKind => {
  let left = random.fraction() * kinds.reduce((sum, { weight }) => sum + weight, 0)
  for (const kind of kinds) {
    left -= kind.weight
    if (left < 0) return kind
  }
  return chooseOne(random, kinds)
}

const chooseOne = <T>(random: Random, items: readonly T[]): T => {
  const item = items[Math.floor(random.fraction() * items.length)]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}
