/** A frame or body, as JSON. */
export type Frame = Readonly<Record<string, unknown>>

export class RequestError extends Error {
  readonly code: string
  readonly frame: Frame
  constructor(frame: Frame) {
    super(`${frame.code}: ${frame.message}`)
    this.code = String(frame.code)
    this.frame = frame
  }
}

export interface Account {
  readonly userId: number
  readonly name: string
  readonly password: string
}

const fetchJson = async (url: string, init: RequestInit): Promise<{ status: number; body: Frame }> => {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}

export const postJson = (url: string, body: object, token?: string) =>
  fetchJson(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  })

export const getJson = (url: string, token: string) => fetchJson(url, { headers: { authorization: `Bearer ${token}` } })

export const registerAccount = async (url: string, name: string, password = 'correct horse'): Promise<Account> => {
  const { status, body } = await postJson(`${url}/v1/users`, { name, password })
  if (status !== 201) throw new RequestError(body)
  return { userId: (body.user as { id: number }).id, name, password }
}

export const logIn = async (url: string, account: Account, deviceId: string): Promise<string> => {
  const { name, password } = account
  const { status, body } = await postJson(`${url}/v1/sessions`, { name, password, device: deviceId })
  if (status !== 201) throw new RequestError(body)
  return String(body.accessToken)
}
