import { type ParseArgsConfig, parseArgs } from 'node:util'
import { Fault } from './fault.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** An option without a value. */
export const flag = { type: 'boolean', default: false } as const

/** A command was called wrongly: a sentence, and how it is called. */
export const usageFault = (sentence: string, usage: string, cause?: unknown): Fault =>
  new Fault('usage', `${sentence}\n${usage}`, { isRetryable: false, cause })

/** Throws Fault `help` where `--help` stands among them: no error, but the end of the run, in which `exitCodeOf` tells how it is called. */
export const helpIfAsked = (args: readonly string[], usage: string): void => {
  if (args.includes('--help')) throw new Fault('help', usage, { isRetryable: false })
}

/** Of a process that is told everything by its environment. Throws Faults `usage` and, after `--help`, `help`. */
export const refuseArguments = (args: readonly string[], script: string): void =>
  void parseOptions(args, {}, `usage: npm run ${script}\nSettings come from the environment: docs/operations.md.`)

/** The options of a command, which has nothing else. Throws Faults `usage` and, after `--help`, `help`. */
export const parseOptions = <const O extends Options>(args: readonly string[], options: O, usage: string) =>
  parsed(args, usage, () => parseArgs({ args: [...args], options })).values

/** The options of a command as `values`, and its words as `positionals`. Throws Faults `usage` and, after `--help`, `help`. */
export const parseWords = <const O extends Options>(args: readonly string[], options: O, usage: string) =>
  parsed(args, usage, () => parseArgs({ args: [...args], options, allowPositionals: true }))

const parsed = <T>(args: readonly string[], usage: string, parse: () => T): T => {
  helpIfAsked(args, usage)
  try {
    return parse()
  } catch (error) {
    throw usageFault(error instanceof Error ? error.message : String(error), usage, error)
  }
}
