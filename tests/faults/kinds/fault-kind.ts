import type { recoveryBudgetsMs } from '../budgets.ts'
import type { Site } from '../site/site.ts'

/** Undoes a fault; resolves when the part can work again. */
export type Heal = () => Promise<void>

/** Of two faults at once no two are of one part: what one does would undo the other. */
type Part = 'connector' | 'router' | 'projector' | 'kafka' | 'redis' | 'postgres' | 'registry' | 'clients'

/** The parts of a system, by their names. */
export interface Targets {
  readonly brokers: readonly string[]
  seatsOf(kind: 'connector' | 'router' | 'projector'): readonly { readonly name: string }[]
}

/** Something that can be done to a part of the system and undone. */
export interface FaultKind {
  readonly name: string
  readonly part: Part
  /** Back to normal within this, counted from `countsFrom`. */
  readonly budget: keyof typeof recoveryBudgetsMs
  /** `begin`: others take over while it lasts. `end`: nobody can before it is healed. */
  readonly countsFrom: 'begin' | 'end'
  /** What can be hit. */
  targets(site: Targets): readonly string[]
  inject(site: Site, target: string): Promise<Heal>
  /** Its injection waits until a process is ready: of two faults at once it comes first, or the other one would keep it waiting. */
  readonly waitsForReady?: true
  /** Shortest and longest time for which the nemesis lets it last, ms. */
  readonly lastsMs: readonly [number, number]
  /** How often the nemesis takes it, against others; what costs much time is rarer. */
  readonly weight: number
}
