import type { Proof, Session } from '@chat/credentials'
import type { UserRow } from '@chat/read-models'
import { randomId, uuidV7 } from '@chat/runtime'
import { parseRefresh } from '@chat/schemas/protocol'
import type { Answer, Identity } from '../ports.ts'
import type { AccountsOptions, AccountsPorts } from './accounts-ports.ts'
import { answering, badCredentials, refuse, suspended, userBody } from './answers.ts'

/** A session, and each refresh token of it, lives this long after the login or the last refresh, ms. PROTOCOL §1. */
const sessionLifeMs = 30 * 24 * 60 * 60_000
/** A spent refresh token gives the same answer again for this long, ms: its answer may have been lost on the way. PROTOCOL §1. */
const refreshGraceMs = 60_000

/** A forecast: the decision falls at `hello`. */
const alreadyOnline = refuse('already_online', 'another device of this account is connected')

/** A session for somebody whose password was right, and still is. */
export const beginSession = async (
  ports: AccountsPorts,
  options: AccountsOptions,
  { user, passwordHash }: { readonly user: UserRow; readonly passwordHash: string },
  device: string | undefined,
): Promise<Answer> => {
  if (ports.suspensions.isUserSuspended(user)) return suspended
  if (await ports.isRefused(user.id, device)) return alreadyOnline
  const session = newSession(ports, user, device)
  const proof: Proof = { registrationId: user.registrationId, passwordHash }
  const begun = await ports.credentials.beginProvenSession(session, proof)
  if (begun === undefined) return badCredentials
  const identity = { userId: user.id, sessionId: session.id, device: session.device }
  return sessionAnswer(ports, options, user, identity, begun.refreshToken)
}

/** The same for somebody whom another login let in. */
export const beginExternalSession = async (
  ports: AccountsPorts,
  options: AccountsOptions,
  user: UserRow,
  device: string | undefined,
): Promise<Answer> => {
  if (ports.suspensions.isUserSuspended(user)) return suspended
  if (await ports.isRefused(user.id, device)) return alreadyOnline
  const session = newSession(ports, user, device)
  const { refreshToken } = await ports.credentials.beginSession(session)
  const identity = { userId: user.id, sessionId: session.id, device: session.device }
  return sessionAnswer(ports, options, user, identity, refreshToken)
}

const newSession = ({ clock, random }: AccountsPorts, user: UserRow, device: string | undefined): Session => {
  const now = clock.now()
  return {
    id: randomId(random),
    userId: user.id,
    device: device ?? uuidV7(now, random),
    createdAt: now,
    expiresAt: now + sessionLifeMs,
  }
}

const sessionAnswer = (
  { tokens }: AccountsPorts,
  { socketUrl }: AccountsOptions,
  user: UserRow,
  identity: Identity,
  refreshToken: string,
): Answer => {
  const { accessToken, expiresAt } = tokens.sign(identity)
  const accessExpiresAt = new Date(expiresAt).toISOString()
  return { ok: { user: userBody(user), accessToken, accessExpiresAt, refreshToken, socketUrl } }
}

export const refresh = (ports: AccountsPorts, options: AccountsOptions, body: unknown): Promise<Answer> =>
  answering(async () => {
    const parsed = parseRefresh(body)
    if ('error' in parsed) return parsed
    const refreshed = await ports.credentials.refresh(parsed.value.refreshToken, ports.clock.now(), refreshGraceMs)
    if (refreshed.outcome === 'refused') return refuse('unauthorized', 'the refresh token is not valid')
    if (refreshed.outcome === 'replayed') {
      const { id, userId } = refreshed.session
      ports.logger.warn({ session: id, user: userId }, 'refresh token replayed, session ended')
      ports.revocations.end([id])
      return refuse('unauthorized', 'the refresh token was used before; the session was ended')
    }
    const { session, refreshToken } = refreshed
    const user = await ports.readModels.userById(session.userId)
    // It had one when the session began, so the read model is behind. The token may be presented again.
    if (user === undefined) return refuse('unavailable', 'the read model is behind; try again')
    if (ports.suspensions.isUserSuspended(user)) return suspended
    const identity = { userId: user.id, sessionId: session.id, device: session.device }
    return sessionAnswer(ports, options, user, identity, refreshToken)
  })

export const endSession = (ports: AccountsPorts, identity: Identity): Promise<Answer> =>
  answering(async () => {
    if (ports.suspensions.isSuspended(identity.userId)) return suspended
    await ports.credentials.endSession(identity.sessionId, ports.clock.now())
    ports.revocations.end([identity.sessionId])
    return { ok: {} }
  })

/** A session that ended elsewhere is known here 2 s later at most; until then its access token still passes. */
export const authenticate = ({ tokens, revocations }: AccountsPorts, accessToken: string): Identity | undefined => {
  const identity = tokens.verify(accessToken)
  return identity !== undefined && !revocations.isEnded(identity.sessionId) ? identity : undefined
}
