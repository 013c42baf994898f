import { type Command, parseCommandArgs } from '../command.ts'
import { usageError } from '../exit.ts'

/** Short names behind a slash; `.` is the open conversation. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  msg: ['send'],
  join: ['groups', 'join'],
  create: ['groups', 'create'],
  leave: ['groups', 'leave', '.'],
  invite: ['groups', 'invite', '.'],
  members: ['groups', 'members', '.'],
  kick: ['groups', 'kick', '.'],
  block: ['friends', 'block'],
  unblock: ['friends', 'unblock'],
  reply: ['send', '.', '--reply-to'],
  edit: ['edit', '.'],
  delete: ['delete', '.'],
  react: ['react', '.'],
  unreact: ['unreact', '.'],
  pin: ['pin', '.'],
  unpin: ['unpin', '.'],
  read: ['read', '.'],
  who: ['stats'],
}

/** What stands between blanks, or in quotes. */
export const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll(/\\(.)/g, '$1'),
  )

/** The command of a line without its slash. Throws a usage error. */
export const slashCommand = (line: string, commands: readonly Command[]) => {
  const [first = '', ...rest] = wordsOf(line)
  const words = [...(Object.hasOwn(aliases, first) ? (aliases[first] ?? []) : [first]), ...rest]
  const [one = '', two = ''] = words
  const named = (name: string) => commands.find((command) => command.name === name)
  const double = named(`${one} ${two}`)
  const command = double ?? named(one)
  if (command === undefined) throw usageError(`there is no /${first}: /help lists what there is`)
  const args = words.slice(double === undefined ? 1 : 2)
  return { command, args: parseCommandArgs(command, args) }
}

/** `/help`. */
export const slashHelp = (commands: readonly Command[]): readonly string[] => [
  'Tab, Shift-Tab    next, previous conversation',
  'Alt-A             next with unread messages',
  'PageUp, PageDown  scroll; above the top older messages are read',
  'Up, Down          what was entered before',
  'Alt-Enter         a line end in a message',
  'Escape            back to the messages, and to the newest',
  'Ctrl-L            draws everything again',
  'Ctrl-C, /quit     leaves',
  '',
  '/open NAME|#GROUP|ID  opens a conversation',
  '/discard  takes messages away that were refused',
  '',
  'A name with blanks stands in "quotes"; a dot is the open conversation, the number before a message its SEQ.',
  'A message that begins with / is typed with two.',
  '',
  ...Object.entries(aliases).map(([alias, words]) => `/${alias} … is /${words.join(' ')} …`),
  '',
  ...commands
    .filter(({ name }) => !name.endsWith(' list'))
    .map(({ name, takes, summary }) => `/${[name, takes].filter(Boolean).join(' ')}: ${summary}`),
]
