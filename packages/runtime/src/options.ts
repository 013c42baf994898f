import { type ParseArgsConfig, parseArgs } from 'node:util'
import { Fault } from './fault.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** An option without a value. */
export const flag = { type: 'boolean', default: false } as const

/** A command was called wrongly: a sentence, and how it is called. */
export const usageFault = (sentence: string, usage: string, cause?: unknown): Fault =>
  new Fault('usage', `${sentence}\n${usage}`, { isRetryable: false, cause })

/** The options of a command, which has nothing else. Throws Fault `usage`. */
export const parseOptions = <const O extends Options>(args: readonly string[], options: O, usage: string) =>
  parsed(usage, () => parseArgs({ args: [...args], options })).values

/** The options of a command as `values`, and its words as `positionals`. Throws Fault `usage`. */
export const parseWords = <const O extends Options>(args: readonly string[], options: O, usage: string) =>
  parsed(usage, () => parseArgs({ args: [...args], options, allowPositionals: true }))

const parsed = <T>(usage: string, parse: () => T): T => {
  try {
    return parse()
  } catch (error) {
    throw usageFault(error instanceof Error ? error.message : String(error), usage, error)
  }
}
