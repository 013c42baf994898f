import { type Command, parseCommandArgs } from '../command.ts'
import { Exit, type ExitCode, exitCode, usageError } from '../exit.ts'
import type { Surroundings } from '../surroundings.ts'
import { safeText } from '../text/safe-text.ts'
import { createProgress } from './progress.ts'
import { seed } from './seed.ts'
import { membersOf, roomName, userName } from './seed-plan.ts'

const command: Pick<Command, 'name' | 'words' | 'options'> = {
  name: 'npm run seed --',
  words: { min: 0, max: 0 },
  options: {
    users: { takes: 'N', about: '99 by default' },
    rooms: { takes: 'N', about: '9 by default' },
    messages: { takes: 'N', about: '5000 by default' },
    url: { takes: 'URL', about: 'the server; else CHAT_URL, else http://127.0.0.1:8080' },
    password: { takes: 'PASSWORD', about: 'of all users' },
    'at-once': { takes: 'N', about: 'requests at once, 8 by default' },
    help: { about: 'this' },
  },
}

/** Everybody knows it: made users are for trying things out. */
const defaultPassword = 'correct horse battery staple'
/** Members that a group may have. */
const membersMax = 10_000

/** `npm run seed`. Resolves with the exit code; what went wrong was told on stderr. */
export const runSeed = async (args: readonly string[], surroundings: Surroundings): Promise<ExitCode> => {
  const { env, output, errors } = surroundings
  try {
    const parsed = parseCommandArgs(command, args)
    if (parsed.has('help')) {
      output.write(`${help()}\n`)
      return exitCode.ok
    }
    const options = {
      users: parsed.number('users', 1, 1_000_000) ?? 99,
      rooms: parsed.number('rooms', 1, 100_000) ?? 9,
      messages: parsed.number('messages', 0, 100_000_000) ?? 5_000,
      url: parsed.text('url') ?? (env.CHAT_URL || 'http://127.0.0.1:8080'),
      password: parsed.text('password') ?? defaultPassword,
      atOnce: parsed.number('at-once', 1, 256) ?? 8,
    }
    if (membersOf(1, options).length > membersMax)
      throw usageError(`a room may have ${membersMax} members: more rooms, or fewer users`)
    const made = await seed(options, surroundings, createProgress(output))
    output.write(
      [
        `${options.users} users: ${userName(1)} to ${userName(options.users)}, password: ${safeText(options.password)}`,
        `${options.rooms} rooms: ${roomName(1)} to ${roomName(options.rooms)} (${made.rooms} new)`,
        `${options.messages} messages (${made.messages} new)\n`,
      ].join('\n'),
    )
    return exitCode.ok
  } catch (error) {
    const known = error instanceof Exit ? error : undefined
    errors.write(
      `seed: ${safeText(known?.message ?? (error instanceof Error ? (error.stack ?? '') : String(error)))}\n`,
    )
    return known?.status ?? exitCode.internal
  }
}

const help = (): string =>
  [
    'Makes users, public rooms and messages through the public API; a second run adds what is missing.',
    ...Object.entries(command.options ?? {}).map(
      ([name, { takes = '', about }]) => `  --${name} ${takes}`.padEnd(24) + about,
    ),
  ].join('\n')
