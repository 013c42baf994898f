import type { Clock, FetchJson, Storage } from '@chat/sdk'
import { Exit, exitCode, loggedOut } from '../exit.ts'
import type { Http } from './http.ts'
import type { SavedLogin, SavedSession, SessionFile } from './session-file.ts'

/** The saved login in use. Several commands at once may use it: they renew its tokens one at a time. */
export interface CurrentSession {
  readonly login: SavedLogin
  /** A token that is good for a while. `refused`: the one that the server did not take. */
  accessToken(refused?: string): Promise<string>
}

/** A token that ends sooner than this is renewed first, ms. */
const renewBeforeMs = 60_000

interface SessionPorts {
  readonly file: SessionFile
  readonly http: Http
  readonly clock: Clock
}

export const createCurrentSession = (login: SavedLogin, ports: SessionPorts): CurrentSession => {
  let session = login.session
  return {
    login,
    accessToken: async (refused) => {
      if (session.accessToken !== refused && isGood(session, ports.clock)) return session.accessToken
      session = await renewed(login, refused, ports)
      return session.accessToken
    },
  }
}

/**
 * Whoever renews reads the file first: another command may have renewed it meanwhile, and a refresh token that is used again after its
 * successor was used ends the session.
 */
const renewed = (login: SavedLogin, refused: string | undefined, { file, http, clock }: SessionPorts) =>
  file.exclusively(async (): Promise<SavedSession> => {
    const saved = await file.load()
    if (saved === undefined || saved.session.user.id !== login.session.user.id) throw loggedOut()
    if (saved.session.accessToken !== refused && isGood(saved.session, clock)) return saved.session
    const body = { refreshToken: saved.session.refreshToken }
    const session = await http.call('/v1/sessions/refresh', { method: 'POST', body }, true).catch((error: unknown) => {
      throw error instanceof Exit && error.status === exitCode.loggedOut
        ? loggedOut('the session has ended: chat login NAME')
        : error
    })
    await file.save({ ...saved, session: session as SavedSession })
    return session as SavedSession
  })

const isGood = ({ accessExpiresAt }: SavedSession, clock: Clock): boolean =>
  Date.parse(accessExpiresAt) - clock.now() > renewBeforeMs

/**
 * The storage of a client that stays connected. It is a device of its own, so that a second one beside it does not end it; its tokens
 * are those of the file.
 */
export const liveStorage = (file: SessionFile, device: string): Storage => {
  const own = new Map([['device', device]])
  return {
    load: async (key) => {
      if (key !== 'session') return own.get(key)
      const saved = await file.load()
      return saved === undefined ? undefined : JSON.stringify(saved.session)
    },
    save: async (key, value) => {
      if (key === 'session') return // What renews it saves it: `renewingFetch`.
      if (value === undefined) own.delete(key)
      else own.set(key, value)
    },
  }
}

/** HTTP for a client that stays connected: when it renews its session, that happens like for every other command. */
export const renewingFetch =
  (fetchJson: FetchJson, login: SavedLogin, ports: SessionPorts): FetchJson =>
  async (url, request) => {
    if (!url.endsWith('/v1/sessions/refresh')) return fetchJson(url, request)
    const { refreshToken } = (request.body ?? {}) as { readonly refreshToken?: string }
    const saved = await ports.file.load()
    // One that is still the newest was refused or is about to end.
    const refused = saved?.session.refreshToken === refreshToken ? saved?.session.accessToken : undefined
    try {
      return { status: 200, body: await renewed(login, refused, ports) }
    } catch (error) {
      if (error instanceof Exit && error.status === exitCode.loggedOut)
        return { status: 401, body: { code: 'unauthorized', detail: error.message } }
      throw error
    }
  }
