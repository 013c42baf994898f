import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type Clock, Fault } from '@chat/runtime'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'

/** Somebody whom the host application's login knows. */
export interface ExternalPerson {
  readonly issuer: string
  readonly subject: string
  /** undefined: the token does not say. */
  readonly name: string | undefined
  readonly displayName: string | undefined
}

/** Tokens (JWTs) that the host application's own login gave out. */
export interface ExternalTokens {
  /**
   * undefined: not signed by its keys, not from its issuer, not for this audience, or not valid now. Throws Fault `external_keys_unavailable`
   * when its keys cannot be had.
   */
  verify(token: string): Promise<ExternalPerson | undefined>
}

export interface ExternalTokenOptions {
  /** Where its public keys are: one of the two. */
  readonly jwksUrl: string | undefined
  readonly keyFile: string | undefined
  readonly issuer: string
  readonly audience: string
  /** The claims that the name and the display name of a new account come from. */
  readonly nameClaim: string
  readonly displayNameClaim: string
  readonly clock: Clock
}

/** How far its clock may be off, s. */
const clockToleranceS = 30
/** A fetch of its keys, ms; and between two fetches because of keys that are not known, ms; and how long they are believed, ms. */
const fetchTimeoutMs = 3_000
const fetchCooldownMs = 30_000
const keysMaxAgeMs = 10 * 60_000
/** No algorithm with a shared secret: whoever can check a token must not be able to make one. */
const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const curveAlgorithms = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
])
const edwardsAlgorithms = ['EdDSA', 'Ed25519']
const allAlgorithms = [...rsaAlgorithms, ...curveAlgorithms.values(), ...edwardsAlgorithms]

interface Keys {
  readonly find: JWTVerifyGetKey
  readonly algorithms: readonly string[]
}

/** Throws Fault `external_keys` (not retryable) with a sentence when the key file cannot be read or holds no public keys. */
export const openExternalTokens = async (options: ExternalTokenOptions): Promise<ExternalTokens> => {
  const { issuer, audience, clock } = options
  const keys = options.jwksUrl === undefined ? await keysOfFile(options.keyFile ?? '') : remoteKeys(options.jwksUrl)
  return {
    verify: async (token) => {
      try {
        const { payload } = await jwtVerify(token, keys.find, {
          ...{ issuer, audience, algorithms: [...keys.algorithms], clockTolerance: clockToleranceS },
          currentDate: new Date(clock.now()),
          requiredClaims: ['iss', 'sub', 'aud', 'exp'],
        })
        return personOf(payload, options)
      } catch (error) {
        if (isOfToken(error)) return undefined
        throw new Fault('external_keys_unavailable', 'the keys of the external login cannot be had', { cause: error })
      }
    },
  }
}

const personOf = (
  payload: JWTPayload,
  { nameClaim, displayNameClaim }: ExternalTokenOptions,
): ExternalPerson | undefined => {
  const { iss: issuer, sub: subject } = payload
  if (typeof issuer !== 'string' || typeof subject !== 'string' || subject === '') return undefined
  return {
    ...{ issuer, subject, name: textOf(payload[nameClaim]) },
    displayName: textOf(payload[displayNameClaim]),
  }
}

const textOf = (claim: unknown): string | undefined => (typeof claim === 'string' ? claim : undefined)

const tokenErrors = [
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
]

/** Whether the token is to blame, and not the way to the keys. */
const isOfToken = (error: unknown): boolean => tokenErrors.some((kind) => error instanceof kind)

const remoteKeys = (url: string): Keys => ({
  find: createRemoteJWKSet(new URL(url), {
    ...{ timeoutDuration: fetchTimeoutMs, cooldownDuration: fetchCooldownMs, cacheMaxAge: keysMaxAgeMs },
  }),
  algorithms: allAlgorithms,
})

/** A PEM public key or certificate, a JWK, or a JWK set. */
const keysOfFile = async (path: string): Promise<Keys> => {
  try {
    return await parseKeys(await readFile(path, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Fault('external_keys', `keys of the external login ${path}: ${reason}`, {
      isRetryable: false,
      cause: error,
    })
  }
}

const parseKeys = async (text: string): Promise<Keys> => {
  const found = text.trim()
  if (!found.startsWith('{')) return pemKey(found)
  const parsed: JSONWebKeySet | JWK = JSON.parse(found)
  const keys: readonly JWK[] = 'keys' in parsed && Array.isArray(parsed.keys) ? parsed.keys : [parsed as JWK]
  const [first] = keys
  if (first === undefined) throw new Error('holds no key')
  for (const key of keys) {
    if (key.kty === 'oct' || key.d !== undefined) throw new Error('must hold public keys only')
    await importJWK(key, key.alg ?? 'RS256')
  }
  // One key is the key of all tokens, whatever they call it.
  if (keys.length === 1) return singleKey(createPublicKey({ key: { ...first }, format: 'jwk' }))
  return { find: createLocalJWKSet({ keys: [...keys] }), algorithms: allAlgorithms }
}

const pemKey = (pem: string): Keys => {
  if (pem.includes('PRIVATE KEY')) throw new Error('must hold a public key only')
  return singleKey(createPublicKey(pem))
}

const singleKey = (key: KeyObject): Keys => {
  const algorithms = algorithmsOf(key)
  if (algorithms.length === 0) throw new Error('must hold an RSA key, or one of P-256, P-384, P-521 or Ed25519')
  return { find: async () => key, algorithms }
}

const algorithmsOf = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] => {
  if (asymmetricKeyType === 'rsa') return rsaAlgorithms
  if (asymmetricKeyType === 'ed25519') return edwardsAlgorithms
  const ofCurve = curveAlgorithms.get(asymmetricKeyDetails?.namedCurve ?? '')
  return ofCurve === undefined ? [] : [ofCurve]
}
