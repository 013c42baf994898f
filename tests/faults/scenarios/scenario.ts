import type { Arena } from '../arena/arena.ts'
import type { Recovery } from '../arena/strike.ts'
import type { FaultKind } from '../kinds/index.ts'

/** One way to break the system, by name, and what it is to do then. */
export interface Scenario {
  readonly name: string
  readonly what: string
  /** ≤ 15 s: it runs in CI, on one system together with others. */
  readonly isShort: boolean
  readonly needs: {
    /** undefined: any number. */
    readonly brokers?: 1 | 3
    /** A system of its own: others could not go on with what it leaves. */
    readonly isAlone?: boolean
    /** Reads the clock of one process through libfaketime. */
    readonly faketime?: boolean
  }
  /** Throws when the system does something else than it should. What it resolves with is printed against the budget. */
  run(arena: Arena): Promise<readonly Recovery[]>
  /** The log is damaged on purpose: the history is not checked at the end. `run` looks at what matters. */
  readonly isUnchecked?: boolean
}

/** One fault of a kind, on its first target unless told. */
export const oneFault = (
  kind: FaultKind,
  options: {
    readonly name?: string
    readonly what: string
    readonly forMs: number
    readonly isShort: boolean
    readonly target?: number
    readonly needs?: Scenario['needs']
  },
): Scenario => ({
  name: options.name ?? kind.name.replaceAll(' ', '-'),
  what: options.what,
  isShort: options.isShort,
  needs: options.needs ?? {},
  run: async (arena) => {
    const target = kind.targets(arena.site)[options.target ?? 0]
    if (target === undefined) throw new Error(`nothing to hit for ${kind.name}`)
    return [await arena.strike([{ kind, target, forMs: options.forMs }])]
  },
})
