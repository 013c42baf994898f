/** One setting: where it comes from, how it is read, and what it is when absent (`undefined` default = required). */
export interface Setting<T> {
  readonly env: string
  readonly parse: (text: string) => T | Problem
  readonly fallback: { readonly value: T } | undefined
}

interface Problem {
  readonly problem: string
}

type Values<S> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

/** All problems of a configuration in one message, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'problem' in value

/**
 * Reads every setting from `env`; throws one ConfigError that names all problems. Pure. An empty variable counts as absent. `check`
 * gets what could be read and says what does not fit together.
 */
export const readSettings = <S extends Readonly<Record<string, Setting<unknown>>>>(
  settings: S,
  env: Readonly<Record<string, string | undefined>>,
  check: (values: Partial<Values<S>>) => readonly string[] = () => [],
): Values<S> => {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(settings)) {
    const text = env[setting.env]
    if (text === undefined || text === '') {
      if (setting.fallback === undefined) problems.push(`${setting.env} is required`)
      else values[name] = setting.fallback.value
      continue
    }
    const value = setting.parse(text)
    if (isProblem(value)) problems.push(`${setting.env} ${value.problem}, not ${JSON.stringify(text)}`)
    else values[name] = value
  }
  problems.push(...check(values as Partial<Values<S>>))
  if (problems.length > 0) throw new ConfigError(problems)
  return values as Values<S>
}

const fallbackOf = <T>(value: T | undefined): Setting<T>['fallback'] => (value === undefined ? undefined : { value })

export const text = (options: { readonly env: string; readonly default?: string }): Setting<string> => ({
  env: options.env,
  parse: (value) => value,
  fallback: fallbackOf(options.default),
})

export const optionalText = (options: { readonly env: string }): Setting<string | undefined> => ({
  env: options.env,
  parse: (value) => value,
  fallback: { value: undefined },
})

export const integer = (options: {
  readonly env: string
  readonly default?: number
  readonly min: number
  readonly max: number
}): Setting<number> => ({
  env: options.env,
  parse: (value) => {
    const number = Number(value)
    const isInside = Number.isSafeInteger(number) && number >= options.min && number <= options.max
    return isInside ? number : { problem: `must be an integer from ${options.min} to ${options.max}` }
  },
  fallback: fallbackOf(options.default),
})

export const oneOf = <const T extends string>(options: {
  readonly env: string
  readonly values: readonly T[]
  readonly default?: T
}): Setting<T> => ({
  env: options.env,
  parse: (value) =>
    options.values.find((candidate) => candidate === value) ?? {
      problem: `must be one of ${options.values.join(' ')}`,
    },
  fallback: fallbackOf(options.default),
})

/** A comma-separated list without empty items. */
export const list = (options: {
  readonly env: string
  readonly default?: readonly string[]
}): Setting<readonly string[]> => ({
  env: options.env,
  parse: (value) => {
    const items = value.split(',').map((item) => item.trim())
    return items.every((item) => item !== '')
      ? items
      : { problem: 'must be a comma-separated list without empty items' }
  },
  fallback: fallbackOf(options.default),
})

export const url = (options: {
  readonly env: string
  readonly protocols: readonly string[]
  readonly default?: string
}): Setting<string> => ({
  env: options.env,
  parse: (value) => {
    const isAllowed = URL.canParse(value) && options.protocols.includes(new URL(value).protocol)
    return isAllowed ? value : { problem: `must be a URL with ${options.protocols.join(' or ')}` }
  },
  fallback: fallbackOf(options.default),
})
