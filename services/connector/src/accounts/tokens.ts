import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '@chat/runtime'
import { accessTokenCharsMax } from '@chat/schemas/protocol'
import type { Identity } from '../ports.ts'

/** How long an access token lives, ms. PROTOCOL §1. */
export const accessTokenLifeMs = 15 * 60_000

/** The first key signs, all verify: to change it, put the new one first and drop the old one after `accessTokenLifeMs`. */
export type TokenKeys = readonly [Uint8Array, ...Uint8Array[]]

/**
 * Access tokens: JWTs (RFC 7519) signed with HMAC SHA-256 (`HS256`), claims `sub` (user id), `sid` (session), `dev` (device),
 * `iat` and `exp` (seconds). Signing and verifying are synchronous: WebCrypto would queue them behind argon2 in Node's thread
 * pool, and would make a simulated run depend on that pool's timing.
 */
export interface Tokens {
  sign(identity: Identity): { readonly accessToken: string; readonly expiresAt: number }
  /** undefined: not signed by one of our keys, not one of our tokens, or expired. Says nothing about the session. */
  verify(accessToken: string): Identity | undefined
}

const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url')

export const createTokens = ({ keys, clock }: { readonly keys: TokenKeys; readonly clock: Clock }): Tokens => ({
  sign: ({ userId, sessionId, device }) => {
    const nowS = Math.floor(clock.now() / 1000)
    const expS = nowS + accessTokenLifeMs / 1000
    const claims = { sub: String(userId), sid: sessionId, dev: device, iat: nowS, exp: expS }
    const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
    return { accessToken: `${signed}.${signature(keys[0], signed).toString('base64url')}`, expiresAt: expS * 1000 }
  },
  verify: (accessToken) => {
    if (accessToken.length > accessTokenCharsMax) return undefined
    const [head, payload, mac, ...rest] = accessToken.split('.')
    if (head !== header || payload === undefined || mac === undefined || rest.length > 0) return undefined
    const given = Buffer.from(mac, 'base64url')
    const isSigned = keys.some((key) => isEqual(given, signature(key, `${head}.${payload}`)))
    return isSigned ? identityOf(payload, clock.now()) : undefined
  },
})

const signature = (key: Uint8Array, signed: string): Buffer => createHmac('sha256', key).update(signed).digest()

const isEqual = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)

/** The payload is ours: its signature was checked. */
const identityOf = (payload: string, nowMs: number): Identity | undefined => {
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  if (claims.exp * 1000 <= nowMs) return undefined
  return { userId: Number(claims.sub), sessionId: claims.sid, device: claims.dev }
}
