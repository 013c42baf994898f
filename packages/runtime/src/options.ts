import { type ParseArgsConfig, parseArgs } from 'node:util'
import { Fault } from './fault.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** A command was called wrongly: a sentence, and how it is called. */
export const usageFault = (sentence: string, usage: string, cause?: unknown): Fault =>
  new Fault('usage', `${sentence}\n${usage}`, { isRetryable: false, cause })

/** The options of a command, which has nothing else. Throws Fault `usage`. */
export const parseOptions = <const O extends Options>(args: readonly string[], options: O, usage: string) => {
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw usageFault(error instanceof Error ? error.message : String(error), usage, error)
  }
}
