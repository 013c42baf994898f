import { createHash, createHmac } from 'node:crypto'
import type { Random } from '@chat/runtime'

/*
 * A refresh token is base64url of 48 bytes: `family` (16, random, the same for the whole life of a session) and `secret` (32, new
 * with every rotation). The store keeps SHA-256 of each, never the token: a copy of the database refreshes nothing.
 *
 * The successor's secret is HMAC-SHA-256(old secret, nonce). The nonce is random, made at the first exchange and kept until the
 * successor was used. So the same successor can be given again to whoever holds the old token while the nonce is kept, although
 * the successor itself is kept nowhere; and somebody with an old token alone cannot compute what came after it.
 *
 * A token of a known family whose secret is neither the current nor the next one was ours once: it is a replay.
 */
const familyBytes = 16
const secretBytes = 32
export const nonceBytes = 32

export interface RefreshToken {
  readonly family: Uint8Array
  readonly secret: Uint8Array
}

export const newRefreshToken = (random: Random): RefreshToken => ({
  family: random.bytes(familyBytes),
  secret: random.bytes(secretBytes),
})

const successorOf = (token: RefreshToken, nonce: Uint8Array): RefreshToken => ({
  family: token.family,
  secret: createHmac('sha256', token.secret).update(nonce).digest(),
})

export const encodeRefreshToken = ({ family, secret }: RefreshToken): string =>
  Buffer.concat([family, secret]).toString('base64url')

/** undefined: not the form of a refresh token. */
export const parseRefreshToken = (text: string): RefreshToken | undefined => {
  if (text.length !== 64) return undefined
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== familyBytes + secretBytes) return undefined
  return { family: bytes.subarray(0, familyBytes), secret: bytes.subarray(familyBytes) }
}

/** SHA-256 in hex: what the store keeps and looks up. The input is random, so it needs no salt. */
export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** What a store keeps of a session's tokens. */
export interface Rotation {
  readonly currentHash: string
  /** Set from the first exchange of the current token until its successor is used. */
  readonly pending: { readonly nonce: Uint8Array; readonly nextHash: string; readonly sinceMs: number } | undefined
}

export type Rotated =
  | { readonly outcome: 'same' | 'changed'; readonly rotation: Rotation; readonly token: RefreshToken }
  | { readonly outcome: 'replayed' }

/** The whole rule of rotation; both stores apply it under their lock. `nonce` is used when a new successor is made. */
export const rotate = (
  rotation: Rotation,
  token: RefreshToken,
  options: { readonly nowMs: number; readonly graceMs: number; readonly nonce: Uint8Array },
): Rotated => {
  const hash = digest(token.secret)
  const { currentHash, pending } = rotation
  if (pending === undefined) return hash === currentHash ? exchanged(token, hash, options) : { outcome: 'replayed' }
  if (hash === pending.nextHash) return exchanged(token, hash, options)
  const isInGrace = hash === currentHash && options.nowMs - pending.sinceMs <= options.graceMs
  return isInGrace ? { outcome: 'same', rotation, token: successorOf(token, pending.nonce) } : { outcome: 'replayed' }
}

const exchanged = (
  token: RefreshToken,
  currentHash: string,
  { nowMs, nonce }: { readonly nowMs: number; readonly nonce: Uint8Array },
): Rotated => {
  const next = successorOf(token, nonce)
  const pending = { nonce, nextHash: digest(next.secret), sinceMs: nowMs }
  return { outcome: 'changed', rotation: { currentHash, pending }, token: next }
}
