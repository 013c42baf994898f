import type { Command, Option } from '../command.ts'
import type { ShellCommand } from './shell.ts'

type Shown = Pick<Command, 'name' | 'takes' | 'summary' | 'options'>

export const globalOptions: Readonly<Record<string, Option>> = {
  json: { about: 'one JSON object a line instead of text' },
  url: { takes: 'URL', about: 'the server; else CHAT_URL, else that of the login, else http://127.0.0.1:8080' },
  help: { about: 'this' },
}

const environment = `Environment: CHAT_URL, CHAT_HOME (folder of the session), CHAT_PASSWORD, NO_COLOR.
Exit codes: 0 ok, 1 refused by the server, 2 wrong command line, 3 server unreachable, 4 not logged in.`

/** Of the whole program. */
export const helpOf = (commands: readonly (Command | ShellCommand)[]): string => {
  const shown = commands.filter(({ name }) => !name.endsWith(' list'))
  return [
    'chat [COMMAND] [OPTIONS]    without a command: everything on one screen',
    '',
    ...shown.map((command) => row(callOf(command), command.summary)),
    '',
    ...optionRows(globalOptions),
    '',
    environment,
  ].join('\n')
}

/** Of one command, and of those below it: `friends add` below `friends`. */
export const helpOfCommand = (command: Shown, commands: readonly Shown[]): string => {
  const below = commands.filter(({ name }) => name.startsWith(`${command.name} `))
  return [
    `chat ${callOf(command)}`,
    '',
    command.summary,
    '',
    ...below.map((other) => row(callOf(other), other.summary)),
    ...(below.length === 0 ? [] : ['']),
    ...optionRows({ ...command.options, ...globalOptions }),
  ].join('\n')
}

const callOf = ({ name, takes }: Shown): string => [name, takes].filter(Boolean).join(' ')

const optionRows = (options: Readonly<Record<string, Option>>): readonly string[] =>
  Object.entries(options).map(([name, { takes, about }]) =>
    row(`--${name}${takes === undefined ? '' : ` ${takes}`}`, about),
  )

const columnWidth = 44

const row = (left: string, right: string): string =>
  left.length < columnWidth - 2
    ? `  ${left.padEnd(columnWidth - 2)}${right}`
    : `  ${left}\n${' '.repeat(columnWidth)}${right}`
