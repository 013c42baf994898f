import { chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Random, User } from '@chat/sdk'
import { Exit, exitCode } from '../exit.ts'

/** Who is logged in, as the server answered it. The password is never in it. */
export interface SavedSession {
  readonly user: User
  readonly accessToken: string
  readonly accessExpiresAt: string
  readonly refreshToken: string
  readonly socketUrl: string
}

export interface SavedLogin {
  /** The server that gave it; its tokens go nowhere else. */
  readonly url: string
  readonly device: string
  readonly session: SavedSession
}

/**
 * The login that all commands of one user of the machine go by: `session.json` in his folder, which only he can read. A save replaces
 * the file in one step, so a reader sees the old or the new one, whole.
 */
export interface SessionFile {
  load(): Promise<SavedLogin | undefined>
  save(login: SavedLogin): Promise<void>
  remove(): Promise<void>
  /** Runs `work` while no other command does: a refresh token is good for one new pair. Throws Exit after 40 s of waiting. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
  /** Where the last write of these commands is in the log: reads of the next command wait for it. */
  loadPosition(): Promise<string | undefined>
  savePosition(position: string): Promise<void>
}

/** A lock that is older was left by a command that was killed: the HTTP answer it waited for comes within 30 s. */
const lockStaleMs = 35_000
const lockWaitMaxMs = 40_000
const lockPollMs = 50

/** `CHAT_HOME`, or `chat` in the folder that the system has for settings. */
export const homeFolder = (env: Readonly<Record<string, string | undefined>>): string => {
  if ((env.CHAT_HOME ?? '') !== '') return env.CHAT_HOME ?? ''
  if ((env.XDG_CONFIG_HOME ?? '') !== '') return join(env.XDG_CONFIG_HOME ?? '', 'chat')
  if ((env.APPDATA ?? '') !== '') return join(env.APPDATA ?? '', 'chat')
  if ((env.HOME ?? '') !== '') return join(env.HOME ?? '', '.config', 'chat')
  throw new Exit(exitCode.usage, 'usage', 'no place for the session: set CHAT_HOME to a folder')
}

export const createSessionFile = (folder: string, clock: Clock, random: Random): SessionFile => {
  const path = join(folder, 'session.json')
  const positionPath = join(folder, 'position')
  const lockPath = join(folder, 'session.lock')

  const replace = async (target: string, text: string) => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const draft = `${target}.${Buffer.from(random.bytes(8)).toString('hex')}`
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' })
    await chmod(draft, 0o600) // Whatever the umask left of it.
    await rename(draft, target)
  }
  const lock = async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const deadline = clock.now() + lockWaitMaxMs
    while (!(await tryLock(lockPath))) {
      if (await isStale(lockPath, clock)) await rm(lockPath, { force: true })
      else if (clock.now() > deadline) throw new Exit(exitCode.internal, 'locked', `another command holds ${lockPath}`)
      else await new Promise<void>((resolve) => clock.after(lockPollMs, resolve))
    }
  }

  return {
    load: async () => {
      const text = await textOf(path)
      return text === undefined ? undefined : parseLogin(text, path)
    },
    save: (login) => replace(path, `${JSON.stringify(login, undefined, 2)}\n`),
    remove: async () => {
      await rm(path, { force: true })
      await rm(positionPath, { force: true })
    },
    exclusively: async (work) => {
      await lock()
      try {
        return await work()
      } finally {
        await rm(lockPath, { force: true })
      }
    },
    loadPosition: () => textOf(positionPath),
    savePosition: (position) => replace(positionPath, position),
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

const textOf = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

const tryLock = async (path: string): Promise<boolean> => {
  try {
    await (await open(path, 'wx', 0o600)).close()
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

const isStale = async (path: string, clock: Clock): Promise<boolean> => {
  try {
    return clock.now() - (await stat(path)).mtimeMs > lockStaleMs
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false // Free by now.
    throw error
  }
}

const parseLogin = (text: string, path: string): SavedLogin => {
  try {
    const login = JSON.parse(text) as SavedLogin
    const { user, accessToken, refreshToken, accessExpiresAt } = login.session
    const texts = [login.url, login.device, accessToken, refreshToken, accessExpiresAt, user.name]
    if (texts.every((field) => typeof field === 'string') && typeof user.id === 'number') return login
  } catch {
    // Told below, like a file that is JSON but no login.
  }
  throw new Exit(exitCode.loggedOut, 'unauthorized', `${path} is no session of this program: log in again`)
}
