import { ChatError } from './chat-error.ts'
import { uuidV4 } from './ids.ts'
import type { HttpRequest, Ports } from './ports.ts'
import type { User } from './requests.ts'

/** Whoever is logged in on this device. */
export interface Session {
  readonly user: User
  readonly accessToken: string
  readonly accessExpiresAt: string
  readonly refreshToken: string
  readonly socketUrl: string
}

/** By password, or by a token of the login that the server trusts. */
export type Login =
  | (({ readonly name: string } | { readonly userId: number }) & { readonly password: string })
  | { readonly externalToken: string }

export interface Registration {
  readonly name: string
  readonly password: string
  readonly displayName?: string
}

/** Accounts and tokens over HTTP, kept in the storage. A refusal is thrown as ChatError, no answer as whatever the port throws. */
export interface Sessions {
  register(registration: Registration): Promise<User>
  logIn(login: Login): Promise<Session>
  /** The session that the storage has. */
  load(): Promise<Session | undefined>
  device(): Promise<string>
  /** A session whose access token is good for a while, renewed if need be. Throws ChatError `unauthorized` when it has ended. */
  fresh(mustRenew: boolean): Promise<Session>
  /** Sockets of connectors that are ready, the least loaded first. */
  connectors(session: Session): Promise<readonly string[]>
  /** Ends the session on the server. */
  end(): Promise<void>
  forget(): Promise<void>
}

/** A token that ends sooner than this is renewed first, ms. */
const renewBeforeMs = 60_000
const sessionKey = 'session'
const deviceKey = 'device'

type SessionPorts = Pick<Ports, 'clock' | 'random' | 'fetchJson' | 'storage'>

export const createSessions = (url: string, { clock, random, fetchJson, storage }: SessionPorts): Sessions => {
  let current: Session | undefined
  let renewing: Promise<Session> | undefined
  const base = url.replace(/\/+$/, '')
  const call = async (path: string, request: HttpRequest) => {
    const { status, body } = await fetchJson(`${base}${path}`, request)
    if (status >= 200 && status < 300) return body
    throw problemOf(status, body)
  }
  const keep = async (session: Session | undefined) => {
    // Before it is used: once the new token was used, the old one is worth nothing.
    await storage.save(sessionKey, session === undefined ? undefined : JSON.stringify(session))
    current = session
  }
  const device = async () => {
    const known = await storage.load(deviceKey)
    if (known !== undefined) return known
    const made = uuidV4(random)
    await storage.save(deviceKey, made)
    return made
  }
  const renew = async ({ refreshToken }: Session) => {
    const session = (await call('/v1/sessions/refresh', { method: 'POST', body: { refreshToken } })) as Session
    await keep(session)
    return session
  }
  const isGood = ({ accessExpiresAt }: Session) => Date.parse(accessExpiresAt) - clock.now() > renewBeforeMs

  const fresh = async (mustRenew: boolean): Promise<Session> => {
    if (renewing !== undefined) return renewing
    if (current === undefined) throw noSession()
    if (!mustRenew && isGood(current)) return current
    // One at a time: a refresh token is good for one new pair.
    renewing = renew(current).finally(() => {
      renewing = undefined
    })
    return renewing
  }

  return {
    ...{ device, fresh },
    register: async (registration) => {
      const { user } = (await call('/v1/users', { method: 'POST', body: registration })) as { readonly user: User }
      return user
    },
    logIn: async (login) => {
      const body = { ...login, device: await device() }
      const session = (await call('/v1/sessions', { method: 'POST', body })) as Session
      await keep(session)
      return session
    },
    load: async () => {
      const saved = await storage.load(sessionKey)
      current = saved === undefined ? undefined : (JSON.parse(saved) as Session)
      return current
    },
    connectors: async (session) => {
      const gateway = (await call('/v1/gateway', { method: 'GET' })) as Gateway
      const urls = gateway.connectors.filter(({ ready }) => ready).map(({ socketUrl }) => socketUrl)
      return urls.length > 0 ? urls : [session.socketUrl]
    },
    end: async () => {
      try {
        const { accessToken } = await fresh(false)
        await call('/v1/sessions/current', { method: 'DELETE', token: accessToken })
      } catch (error) {
        if (!(error instanceof ChatError) || error.code !== 'unauthorized') throw error // It had ended already.
      }
    },
    forget: () => keep(undefined),
  }
}

interface Gateway {
  readonly connectors: readonly { readonly socketUrl: string; readonly ready: boolean }[]
}

const noSession = () => new ChatError({ code: 'unauthorized', message: 'not logged in', retry: 'never' })

/** A problem of the server; something between that answers instead is as good as no server. */
const problemOf = (status: number, body: unknown): ChatError => {
  const { code, detail, retryAfterMs } = (body ?? {}) as Partial<{ code: string; detail: string; retryAfterMs: number }>
  return new ChatError({
    code: code ?? 'unavailable',
    message: detail ?? `HTTP ${status}`,
    retry: code === undefined || status === 429 || status >= 500 ? 'later' : 'never',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}
