import type { Context } from '../command.ts'
import { commands } from '../commands/index.ts'
import { Exit, exitCode } from '../exit.ts'
import { findConversation } from '../targets.ts'
import { slashCommand, slashHelp, wordsOf } from './slash.ts'

/** What a line behind a slash may do to the screen. */
export interface Hands {
  /** What commands use; they print elsewhere. Throws Exit when nobody is logged in any more. */
  context(): Omit<Context, 'print' | 'note'>
  say(text: string, isError: boolean): void
  show(title: string, lines: readonly string[]): void
  open(conversation: string): void
  discard(): void
  quit(): void
  /** What is no refusal. */
  fail(error: unknown): void
}

/** Whoever writes to somebody or makes a group wants to see it. */
const opensWhatItMakes: ReadonlySet<string> = new Set(['send', 'groups create', 'groups join'])

/** Runs a line that began with a slash, given without it. Resolves when it is done; what went wrong was said. */
export const createSlashRunner = (hands: Hands): ((line: string) => Promise<void>) => {
  const run = async (line: string): Promise<void> => {
    const [word, where] = wordsOf(line)
    if (word === 'quit' || word === 'exit') return hands.quit()
    if (word === 'help') return hands.show('Help', slashHelp(commands))
    if (word === 'discard') return hands.discard()
    if (word === 'open' && where !== undefined) return hands.open(await conversationOf(hands, where))
    await runCommand(hands, line)
  }
  return async (line) => {
    try {
      await run(line)
    } catch (error) {
      if (!(error instanceof Exit)) return hands.fail(error)
      const code = error.status === exitCode.refused ? `${error.code}: ` : ''
      hands.say(`${code}${error.message}`, true)
    }
  }
}

const silent = { print: () => {}, note: () => {} }

const conversationOf = (hands: Hands, where: string): Promise<string> =>
  findConversation({ ...hands.context(), ...silent }, where)

const runCommand = async (hands: Hands, line: string): Promise<void> => {
  const { command, args } = slashCommand(line, commands)
  const printed: string[] = []
  let result: object = {}
  const note = (text: string) => void printed.push(...text.split('\n'))
  const print = (value: object, text: string) => {
    result = value
    if (text !== '') note(text)
  }
  await command.run({ ...hands.context(), print, note }, args)
  if (opensWhatItMakes.has(command.name) && 'conversation' in result) hands.open(String(result.conversation))
  else if (printed.length > 1) hands.show(command.name, printed)
  else hands.say(printed[0] ?? 'done', false)
}
