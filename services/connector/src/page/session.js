import { uuidV4 } from './ids.js'

/**
 * The login of this tab: its device id and tokens, kept in sessionStorage, so each tab is a device of its own. A refusal of the
 * server is thrown as `Problem`; being offline is whatever `fetch` throws.
 */

const sessionKey = 'chat.session'
const deviceKey = 'chat.device'
/** Renew an access token that ends sooner than this, ms. */
const renewBeforeMs = 60_000

export class Problem extends Error {
  constructor({ code, detail, message, retry, retryAfterMs }) {
    super(detail ?? message)
    this.code = code
    this.retry = retry
    this.retryAfterMs = retryAfterMs
  }
}

export const post = async (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) })

const call = async (path, options = {}) => {
  const headers = { ...options.headers, ...(options.body === undefined ? {} : { 'content-type': 'application/json' }) }
  const response = await fetch(new URL(path, document.baseURI), { ...options, headers })
  if (response.status === 204) return undefined
  const answer = await response.json()
  if (!response.ok) throw new Problem(answer)
  return answer
}

/** A duplicated tab starts with a copy of the other's storage. It must not use its device or spend its refresh token. */
export const ownThisTab = async () => {
  const device = sessionStorage.getItem(deviceKey) ?? uuidV4()
  sessionStorage.setItem(deviceKey, device)
  if (navigator.locks === undefined || (await holdForEver(device))) return
  sessionStorage.clear()
  sessionStorage.setItem(deviceKey, uuidV4())
  await holdForEver(deviceId())
}

const holdForEver = (name) =>
  new Promise((resolve) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null)
      return lock === null ? undefined : new Promise(() => {})
    })
  })

export const deviceId = () => sessionStorage.getItem(deviceKey)

export const currentSession = () => JSON.parse(sessionStorage.getItem(sessionKey) ?? 'null')

const keep = (session) => {
  sessionStorage.setItem(sessionKey, JSON.stringify(session))
  return session
}

export const logIn = async (name, password) => keep(await post('v1/sessions', { name, password, device: deviceId() }))

export const forgetSession = () => sessionStorage.removeItem(sessionKey)

/** A session whose access token is good for a while. Throws a Problem `unauthorized` when the session has ended. */
export const freshSession = async ({ mustRenew = false } = {}) => {
  const session = currentSession()
  if (session === null) throw new Problem({ code: 'unauthorized', detail: 'not logged in' })
  if (!mustRenew && Date.parse(session.accessExpiresAt) - Date.now() > renewBeforeMs) return session
  return keep(await post('v1/sessions/refresh', { refreshToken: session.refreshToken }))
}

export const endSession = async () => {
  const session = currentSession()
  if (session === null) return
  const headers = { authorization: `Bearer ${session.accessToken}` }
  await call('v1/sessions/current', { method: 'DELETE', headers })
}

/** Where to open the socket: the least loaded connector, or the one of the login if nobody answers. */
export const socketUrl = async (session) => {
  try {
    return (await call('v1/gateway')).socketUrl
  } catch {
    return session.socketUrl
  }
}
