import { parseArgs } from 'node:util'
import type { Clock, User } from '@chat/sdk'
import { usageError } from './exit.ts'
import type { Names } from './names.ts'
import type { Asking } from './session/asking.ts'
import type { Style } from './text/style.ts'

/** One thing that can be asked for, in a shell and behind a slash. */
export interface Command {
  /** One word, or two: `friends add`. */
  readonly name: string
  /** Its arguments as the help shows them: `TO [TEXT…]`. */
  readonly takes?: string
  readonly words: { readonly min: number; readonly max: number }
  readonly options?: Readonly<Record<string, Option>>
  readonly summary: string
  run(context: Context, args: Args): Promise<void>
}

export interface Option {
  /** How the help shows its value; absent: it has none. */
  readonly takes?: string
  readonly isRepeated?: true
  readonly about: string
}

export interface Args {
  readonly words: readonly string[]
  has(name: string): boolean
  text(name: string): string | undefined
  texts(name: string): readonly string[]
  /** A whole number within the bounds; throws a usage error else. */
  number(name: string, min: number, max: number): number | undefined
  /** One of `choices`; throws a usage error else. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined
}

/** What a command may use, wherever it was typed. */
export interface Context {
  readonly me: User
  readonly asking: Asking
  readonly names: Names
  readonly clock: Clock
  readonly style: Style
  /** The conversation that `.` stands for. */
  readonly current?: string
  /** One result: `value` for programs, `text` for people (nothing when empty). `text` is safe for a terminal already. */
  print(value: object, text: string): void
  /** For people only. */
  note(text: string): void
  /** What is piped in; absent: nothing can be. */
  readonly piped?: () => Promise<string>
  /** Who of them is online; of whom nothing can be told now there is none. Throws Exit. */
  presence(users: readonly number[]): Promise<readonly PresenceOf[]>
}

export interface PresenceOf {
  readonly id: number
  readonly online: boolean
  readonly since?: string
  readonly lastSeenAt?: string
}

/** Throws a usage error that says what was expected. */
export const parseCommandArgs = (
  { name, takes, words, options = {} }: Pick<Command, 'name' | 'takes' | 'words' | 'options'>,
  args: readonly string[],
): Args => {
  const { values, positionals } = parse(options, args)
  if (positionals.length < words.min || positionals.length > words.max)
    throw usageError(`usage: ${[name, takes].filter(Boolean).join(' ')}`)
  return argsOf(values, positionals)
}

type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>

const parse = (options: Readonly<Record<string, Option>>, args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([option, { takes, isRepeated = false }]) => [
          option,
          { type: takes === undefined ? 'boolean' : 'string', multiple: isRepeated },
        ]),
      ),
    })
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error))
  }
}

const argsOf = (values: Values, words: readonly string[]): Args => {
  const text = (name: string) => {
    const value = values[name]
    return typeof value === 'string' ? value : undefined
  }
  return {
    words,
    text,
    has: (name) => values[name] === true,
    texts: (name) => [values[name] ?? []].flat().map(String),
    number: (name, min, max) => {
      const value = text(name)
      return value === undefined ? undefined : parseWhole(value, `--${name}`, min, max)
    },
    choice: (name, choices) => {
      const value = text(name)
      if (value === undefined) return undefined
      const choice = choices.find((candidate) => candidate === value)
      if (choice === undefined) throw usageError(`--${name} is one of ${choices.join(', ')}`)
      return choice
    },
  }
}

/** Throws a usage error that names `what`. */
export const parseWhole = (value: string, what: string, min: number, max: number): number => {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= min && number <= max)) throw usageError(`${what} is a whole number from ${min} to ${max}`)
  return number
}
