import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Frame, postJson, waitUntil } from '@chat/testkit'

/** Somebody with an account and a session; no password was hashed for it, so thousands are had within a minute. */
export interface Person {
  readonly userId: number
  readonly name: string
  readonly device: string
  readonly accessToken: string
  /** The connector that this person talks to. */
  readonly url: string
}

/** The login of an application that has the chat inside it. */
export interface HostLogin {
  /** Settings of connectors that believe it. */
  readonly env: Readonly<Record<string, string>>
  /** Logs in by a token of its own; the account is made with the first one. */
  enter(url: string, name: string): Promise<Person>
  /** Forgets the key. */
  close(): void
}

const [issuer, audience] = ['https://login.example', 'chat']
const tokenLifeS = 600
const patienceMs = 60_000

export const createHostLogin = (): HostLogin => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const folder = mkdtempSync(join(tmpdir(), 'chat-host-login-'))
  const keyFile = join(folder, 'key.pem')
  writeFileSync(keyFile, publicKey.export({ type: 'spki', format: 'pem' }))
  const tokenOf = (name: string): string => {
    const exp = Math.floor(Date.now() / 1000) + tokenLifeS
    const claims = { iss: issuer, aud: audience, sub: name, preferred_username: name, exp }
    const signed = [{ alg: 'EdDSA' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`
  }
  return {
    env: { CHAT_AUTH_JWT_KEY_FILE: keyFile, CHAT_AUTH_ISSUER: issuer, CHAT_AUTH_AUDIENCE: audience },
    enter: async (url, name) => {
      const device = crypto.randomUUID()
      const body = await accepted(`${url}/v1/sessions`, { externalToken: tokenOf(name), device })
      const { id } = body.user as { readonly id: number }
      return { userId: id, name, device, accessToken: String(body.accessToken), url }
    },
    close: () => rmSync(folder, { recursive: true }),
  }
}

/** Asks over HTTP as this person, and again when it is told to come later. */
export const askAs = ({ url, accessToken }: Person, op: string, fields: object): Promise<Frame> =>
  accepted(`${url}/v1/requests`, { op, ...fields }, accessToken)

const accepted = (url: string, body: object, accessToken?: string): Promise<Frame> => {
  let told = ''
  return waitUntil(
    async () => {
      const answer = await postJson(url, body, accessToken)
      if (answer.status < 300) return answer.body
      told = `${answer.status} ${JSON.stringify(answer.body)}`
      if (answer.status < 500) throw new Error(told)
      return undefined
    },
    { deadlineMs: patienceMs, everyMs: 100, what: () => `${url} accepts: ${told}` },
  )
}
