import { type Command, parseCommandArgs } from '../command.ts'
import { commands } from '../commands/index.ts'
import { Exit, type ExitCode, exitCode, usageError } from '../exit.ts'
import { runScreen } from '../screen/screen.ts'
import type { Surroundings } from '../surroundings.ts'
import { safeJson, safeText } from '../text/safe-text.ts'
import { accountCommands } from './account.ts'
import { globalOptions, helpOf, helpOfCommand } from './help.ts'
import { createShell, type ShellCommand } from './shell.ts'
import { tailCommand } from './tail.ts'

const shellCommands: readonly ShellCommand[] = [...accountCommands, tailCommand]
const allCommands: readonly (Command | ShellCommand)[] = [...shellCommands, ...commands]

/**
 * Runs one command line. Resolves with the exit code; what went wrong was told on stderr, with `--json` as one object
 * `{"error":{code,message,retryAfterMs?}}`.
 */
export const runCommandLine = async (args: readonly string[], surroundings: Surroundings): Promise<ExitCode> => {
  try {
    await run(args, surroundings)
    return exitCode.ok
  } catch (error) {
    // Whoever stopped it knows why it ended.
    if (error instanceof Exit && error.status === exitCode.interrupted) return error.status
    const { status, code, message, retryAfterMs } = error instanceof Exit ? error : internal(error)
    const told = { error: { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } }
    const isJson = args.includes('--json')
    surroundings.errors.write(`${isJson ? safeJson(told) : `chat: ${codeText(status, code)}${safeText(message)}`}\n`)
    return status
  }
}

const codeText = (status: ExitCode, code: string): string => (status === exitCode.refused ? `${code}: ` : '')

const internal = (error: unknown): Exit =>
  new Exit(exitCode.internal, 'internal', error instanceof Error ? (error.stack ?? error.message) : String(error))

const run = async (args: readonly string[], surroundings: Surroundings): Promise<void> => {
  const { output, terminal } = surroundings
  const { command, rest } = findCommand(args)
  if (command === undefined) {
    const { has, text } = parseCommandArgs({ ...noCommand, options: globalOptions }, rest)
    if (has('help')) return output.write(`${helpOf(allCommands)}\n`)
    if (terminal === undefined || has('json')) throw usageError('which command? chat --help lists them')
    return runScreen(await createShell(surroundings, { url: text('url'), isJson: false }), terminal)
  }
  if (beforeDashes(rest).includes('--help')) return output.write(`${helpOfCommand(command, allCommands)}\n`)
  const options = { ...command.options, ...globalOptions }
  const parsed = parseCommandArgs({ ...command, name: `chat ${command.name}`, options }, rest)
  const shell = await createShell(surroundings, { url: parsed.text('url'), isJson: parsed.has('json') })
  if (isOfShell(command)) await command.run(shell, parsed)
  else await command.run(await shell.context(), parsed)
}

const noCommand = { name: 'chat COMMAND', words: { min: 0, max: 0 } }

const isOfShell = (command: Command | ShellCommand): command is ShellCommand =>
  shellCommands.some(({ name }) => name === command.name)

/** The words of a command may have options of the program before and between them. The longest name that fits is meant. */
const findCommand = (args: readonly string[]): { command?: Command | ShellCommand; rest: readonly string[] } => {
  const [first, second] = wordIndexes(args)
  if (first === undefined) return { rest: args }
  const name = args[first] ?? ''
  const two = second === undefined ? undefined : named(`${name} ${args[second]}`)
  if (two !== undefined) return { command: two, rest: args.filter((_, i) => i !== first && i !== second) }
  const one = named(name)
  if (one === undefined) throw usageError(`there is no command ${safeText(name)}: chat --help lists them`)
  return { command: one, rest: args.filter((_, i) => i !== first) }
}

const named = (name: string) => allCommands.find((command) => command.name === name)

/** Where the first two words are that are no options of the program. */
const wordIndexes = (args: readonly string[]): readonly number[] => {
  const found: number[] = []
  for (let i = 0; i < args.length && found.length < 2; i++) {
    const arg = args[i] ?? ''
    if (arg === '--url') i++
    else if (arg === '--') break
    else if (!arg.startsWith('-')) found.push(i)
    else if (!/^--(json|help|url=.*)$/.test(arg)) break
  }
  return found
}

const beforeDashes = (args: readonly string[]): readonly string[] => {
  const end = args.indexOf('--')
  return end < 0 ? args : args.slice(0, end)
}
