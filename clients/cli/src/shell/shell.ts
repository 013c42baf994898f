import { createMessageIds } from '@chat/sdk'
import type { Command, Context } from '../command.ts'
import { loggedOut, usageError } from '../exit.ts'
import { createNames } from '../names.ts'
import { createHttpAsking } from '../session/asking.ts'
import { createHttp, type Http } from '../session/http.ts'
import { createCurrentSession } from '../session/session.ts'
import { homeFolder, type SavedLogin, type SessionFile } from '../session/session-file.ts'
import type { Surroundings } from '../surroundings.ts'
import { safeJson, safeLine } from '../text/safe-text.ts'
import { createStyle, isColoured, type Style } from '../text/style.ts'
import { presenceOver } from './live.ts'

/** What every command line may say. */
export interface ShellOptions {
  readonly url: string | undefined
  readonly isJson: boolean
}

/** One run of the program: what its commands stand on. */
export interface Shell {
  readonly surroundings: Surroundings
  readonly options: ShellOptions
  readonly style: Style
  /** Whether its output has colours. */
  readonly hasColours: boolean
  readonly file: SessionFile
  /** Where to log in. */
  readonly url: string
  print(value: object, text: string): void
  note(text: string): void
  /** How it goes, on stderr, so that the output stays as it is: `value` for programs, `text` for people. */
  tell(value: object, text: string): void
  http(url: string): Http
  /** Throws Exit when nobody is logged in there. */
  login(): Promise<SavedLogin>
  /** Of whoever is logged in. Throws Exit when nobody is. */
  context(): Promise<Context>
}

const defaultUrl = 'http://127.0.0.1:8080'
/** How long a command waits for a server that says "later", ms. */
const patienceMs = 10_000
/** What may be piped into a message: more than any message may have. */
const pipedBytesMax = 64 * 1024

/** A command of the shell alone: it logs in, or stays. */
export interface ShellCommand extends Omit<Command, 'run'> {
  run(shell: Shell, args: Parameters<Command['run']>[1]): Promise<void>
}

export const createShell = async (surroundings: Surroundings, options: ShellOptions): Promise<Shell> => {
  const { env, clock, random, fetchJson, output, errors, stopped } = surroundings
  const hasColours = isColoured(output, env)
  const style = createStyle(hasColours)
  const file = surroundings.openSessionFile(homeFolder(env))
  const asked = options.url ?? (env.CHAT_URL === '' ? undefined : env.CHAT_URL)
  const saved = asked === undefined ? await file.load() : undefined
  const url = parseUrl(asked ?? saved?.url ?? defaultUrl)
  const nextId = createMessageIds(clock, random)
  const http = (base: string) => createHttp({ url: base, fetchJson, clock, stopped, patienceMs })
  const login = async () => {
    const login = await file.load()
    if (login === undefined) throw loggedOut()
    if (login.url !== url) throw loggedOut(`logged in at ${login.url}, not at ${url}: chat login NAME --url ${url}`)
    return login
  }
  const print = (value: object, text: string) => {
    if (options.isJson) output.write(`${safeJson(value)}\n`)
    else if (text !== '') output.write(`${text}\n`)
  }
  const note = (text: string) => {
    if (!options.isJson) errors.write(`${text}\n`)
  }
  const tell = (value: object, text: string) =>
    errors.write(`${options.isJson ? safeJson(value) : createStyle(isColoured(errors, env)).dim(safeLine(text))}\n`)
  const context = async (): Promise<Context> => {
    const saved = await login()
    const session = createCurrentSession(saved, { file, http: http(url), clock })
    const asking = createHttpAsking({ http: http(url), session, nextId, positions: file })
    const names = createNames(asking)
    names.learn(saved.session.user)
    return {
      ...{ me: saved.session.user, asking, names, clock, style, print, note },
      piped: () => surroundings.input.text(pipedBytesMax),
      presence: (users) => presenceOver(shell, users),
    }
  }
  const shell: Shell = { surroundings, options, style, hasColours, file, url, print, note, tell, http, login, context }
  return shell
}

/** Throws a usage error when it is no address of a server. Without the slash at its end, to compare it. */
const parseUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw usageError(`${text} is no http:// or https:// address`)
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}
