import { flag, parseWords, usageFault } from '@chat/runtime'

export type Command =
  | { readonly command: 'list' }
  | {
      readonly command: 'run'
      readonly names: readonly string[]
      readonly brokers: 1 | 3 | undefined
      readonly keeping: Keeping
    }
  | { readonly command: 'nemesis'; readonly nemesis: NemesisArguments }
  | { readonly command: 'replay'; readonly path: string }

export interface NemesisArguments {
  readonly minutes: number
  readonly seed: number
  readonly brokers: 1 | 3
  readonly keeping: Keeping
}

export interface Keeping {
  /** Green runs leave their history and logs, too. */
  readonly keepsAll: boolean
  /** Whether lines are added to the ledger, which is part of the repository. */
  readonly isInLedger: boolean
}

const usage = `npm run faults -- list
npm run faults -- run NAME… | short | all  [--brokers 3] [--ledger] [--keep]
npm run faults -- nemesis --minutes 10 --seed S [--brokers 3] [--ledger] [--keep]
npm run faults -- replay .chat/faults/…/script.json`

const options = {
  minutes: { type: 'string', default: '10' },
  seed: { type: 'string' },
  brokers: { type: 'string' },
  ledger: flag,
  keep: flag,
} as const

/** Throws Faults `usage` and `help`. `newSeed` is for a nemesis that was given none. */
export const parseCommand = (args: readonly string[], newSeed: number): Command => {
  const { values, positionals } = parseWords(args, options, usage)
  const [command, ...rest] = positionals
  const brokers = brokersOf(values.brokers)
  const keeping = { keepsAll: values.keep, isInLedger: values.ledger }
  if (command === 'list') return { command }
  if (command === 'run' && rest.length > 0) return { command, names: rest, brokers, keeping }
  if (command === 'replay' && rest[0] !== undefined) return { command, path: rest[0] }
  if (command === 'nemesis')
    return {
      command,
      nemesis: {
        minutes: positive(values.minutes, 'minutes'),
        // Another one each time, unless told.
        seed: positive(values.seed ?? String(newSeed), 'seed'),
        brokers: brokers ?? 1,
        keeping,
      },
    }
  throw usageFault(command === undefined ? 'a command is missing' : `${positionals.join(' ')}: no such command`, usage)
}

const brokersOf = (text: string | undefined): 1 | 3 | undefined => {
  if (text === undefined) return undefined
  if (text === '1' || text === '3') return Number(text) as 1 | 3
  throw usageFault(`--brokers is 1 or 3, not ${text}`, usage)
}

const positive = (text: string, name: string): number => {
  const value = Number(text)
  if (!(value > 0)) throw usageFault(`--${name} is a positive number, not ${text}`, usage)
  return value
}
