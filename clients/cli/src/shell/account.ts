import { createClient, memoryStorage } from '@chat/sdk'
import type { Args } from '../command.ts'
import { Exit, exitCode, usageError } from '../exit.ts'
import type { SavedSession } from '../session/session-file.ts'
import { safeLine } from '../text/safe-text.ts'
import { exitOf, uuidV4 } from './live.ts'
import type { Shell, ShellCommand } from './shell.ts'

/** A password is at most this long, UTF-8: 256 characters. */
const passwordBytesMax = 4 * 256 + 2
const passwordOption = { 'password-stdin': { about: 'reads the password from stdin' } } as const

const register: ShellCommand = {
  name: 'register',
  takes: 'NAME',
  words: { min: 1, max: 1 },
  options: { 'display-name': { takes: 'TEXT', about: 'how others see you' }, ...passwordOption },
  summary: 'Makes an account and logs in. The password is asked for, or is CHAT_PASSWORD.',
  run: async (shell, args) => {
    const name = args.words[0] ?? ''
    const displayName = args.text('display-name')
    const password = await passwordOf(shell, args)
    await logIn(shell, name, password, async (client) => {
      await client.register({ name, password, ...(displayName === undefined ? {} : { displayName }) })
    })
  },
}

const login: ShellCommand = {
  name: 'login',
  takes: 'NAME',
  words: { min: 1, max: 1 },
  options: passwordOption,
  summary: 'Logs in; all later commands go by that session. The password is asked for, or is CHAT_PASSWORD.',
  run: async (shell, args) => {
    const password = await passwordOf(shell, args)
    await logIn(shell, args.words[0] ?? '', password, async () => {})
  },
}

type LoginClient = ReturnType<typeof createClient>

const logIn = async (
  shell: Shell,
  name: string,
  password: string,
  before: (client: LoginClient) => Promise<void>,
): Promise<void> => {
  const { file, url, surroundings } = shell
  const { clock, random } = surroundings
  const device = (await file.load())?.device ?? uuidV4(random.bytes(16))
  const storage = memoryStorage()
  await storage.save('device', device)
  const client = createClient({ ...{ url, clock, random, storage }, fetchJson: reachable(shell) })
  try {
    await before(client)
    const user = await client.logIn({ name, password })
    const session = JSON.parse((await storage.load('session')) ?? '') as SavedSession
    await file.exclusively(() => file.save({ url, device, session }))
    shell.print({ user, url }, `logged in as ${safeLine(user.name)} at ${url}`)
  } catch (error) {
    throw exitOf(error)
  } finally {
    await client.close()
  }
}

/** Nobody there is an exit of its own. */
const reachable =
  ({ surroundings, url }: Shell): Shell['surroundings']['fetchJson'] =>
  async (path, request) => {
    try {
      return await surroundings.fetchJson(path, request)
    } catch (error) {
      const { cause } = error instanceof Error ? error : { cause: undefined }
      const reason = cause instanceof Error ? cause.message : String(error)
      throw new Exit(exitCode.unreachable, 'unreachable', `no answer from ${url}: ${reason}`)
    }
  }

const passwordOf = async ({ surroundings: { env, input } }: Shell, args: Args): Promise<string> => {
  if (args.has('password-stdin')) return (await input.text(passwordBytesMax)).replace(/\r?\n$/, '')
  if ((env.CHAT_PASSWORD ?? '') !== '') return env.CHAT_PASSWORD ?? ''
  if (!input.isTTY) throw usageError('no password: --password-stdin, or CHAT_PASSWORD')
  const typed = await input.secret('Password: ')
  if (typed === undefined) throw new Exit(exitCode.interrupted, 'interrupted', 'interrupted')
  return typed
}

const logout: ShellCommand = {
  name: 'logout',
  words: { min: 0, max: 0 },
  summary: 'Ends the session on the server and forgets it here.',
  run: async (shell) => {
    const context = await shell.context()
    try {
      await context.asking.raw('logout', {})
    } catch (error) {
      // It had ended already: there is nothing left but to forget it.
      if (!(error instanceof Exit) || error.status !== exitCode.loggedOut) throw error
    }
    await shell.file.remove()
    shell.print({ user: context.me }, 'logged out')
  },
}

export const accountCommands: readonly ShellCommand[] = [register, login, logout]
