import type { Attempts } from '@chat/attempts'
import type { SessionPlace, SessionView } from '@chat/credentials'
import type { Answer, Identity } from '../ports.ts'
import type { AccountsPorts } from './accounts-ports.ts'
import { answering, refuse } from './answers.ts'
import { accountOf } from './claimed.ts'

/** What somebody who is logged in does with his own account. Every refusal and every failure of the world is an `Answer`. */
export interface OwnAccount {
  /** His live sessions, the newest first. */
  sessions(identity: Identity, after: string | undefined, limit: number): Promise<Answer>
  /** One of his sessions, else `not_found`; its sockets close within 5 s wherever they are. */
  endSession(identity: Identity, session: string): Promise<Answer>
  /** All of his sessions but this one. */
  endOthers(identity: Identity): Promise<Answer>
  changePassword(identity: Identity, passwords: Passwords): Promise<Answer>
}

interface Passwords {
  readonly old: string
  readonly new: string
  /** The client may have sent the same before, and not heard the answer. */
  readonly isRepeatable: boolean
}

export const createOwnAccount = (ports: AccountsPorts, attempts: Attempts): OwnAccount => ({
  sessions: (identity, after, limit) => answering(() => listSessions(ports, identity, after, limit)),
  endSession: (identity, session) => answering(() => endOwn(ports, identity, session)),
  endOthers: (identity) => answering(() => endOthers(ports, identity)),
  changePassword: (identity, passwords) => answering(() => changePassword(ports, attempts, identity, passwords)),
})

const listSessions = async (
  { credentials, clock }: AccountsPorts,
  { userId, sessionId }: Identity,
  after: string | undefined,
  limit: number,
): Promise<Answer> => {
  const place = after === undefined ? undefined : parsePlace(after)
  if (after !== undefined && place === undefined) return refuse('invalid', '/after: is not the end of a page')
  const found = await credentials.sessionsOf(userId, clock.now(), place, limit + 1)
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const next = found.length > limit && last !== undefined ? { next: encodePlace(last) } : {}
  return { ok: { items: shown.map((session) => sessionBody(session, sessionId)), ...next } }
}

const sessionBody = ({ id, device, createdAt, lastUsedAt, expiresAt }: SessionView, current: string) => ({
  session: id,
  device,
  createdAt: new Date(createdAt).toISOString(),
  lastUsedAt: new Date(lastUsedAt).toISOString(),
  expiresAt: new Date(expiresAt).toISOString(),
  current: id === current,
})

const encodePlace = ({ createdAt, id }: SessionPlace): string => Buffer.from(`${createdAt} ${id}`).toString('base64url')

const parsePlace = (text: string): SessionPlace | undefined => {
  const [, createdAt, id] = /^(\d{1,15}) ([^\0]+)$/.exec(Buffer.from(text, 'base64url').toString()) ?? []
  return createdAt === undefined || id === undefined ? undefined : { createdAt: Number(createdAt), id }
}

const endOwn = async (
  { credentials, clock, revocations }: AccountsPorts,
  { userId }: Identity,
  session: string,
): Promise<Answer> => {
  const now = clock.now()
  const found = await credentials.session(session, now)
  if (found?.userId !== userId) return refuse('not_found', 'you have no such session')
  await credentials.endSession(session, now)
  revocations.end([session])
  return { ok: {} }
}

const endOthers = async (
  { credentials, clock, revocations }: AccountsPorts,
  { userId, sessionId }: Identity,
): Promise<Answer> => {
  const ended = await credentials.endOtherSessions(userId, sessionId, clock.now())
  revocations.end(ended)
  return { ok: { ended: ended.length } }
}

const wrongPassword = refuse('bad_credentials', 'the old password is wrong')

/** The old password is guessed at like that of a login, so failures count in the same bucket. */
const changePassword = async (
  ports: AccountsPorts,
  attempts: Attempts,
  identity: Identity,
  passwords: Passwords,
): Promise<Answer> => {
  const user = await ports.readModels.userById(identity.userId)
  // He has a session, so he is somebody: the read model is behind, or being rebuilt.
  if (user === undefined) return refuse('unavailable', 'the read model is behind; try again')
  const account = accountOf(user.normalisedName)
  const origin = `user ${user.id}`
  const limited = await attempts.begin(account, origin)
  if (limited) return refuse('rate_limited', 'too many failed attempts', limited.retryAfterMs)
  let isFailed = false
  try {
    const answer = await change(ports, identity, user.registrationId, passwords)
    isFailed = answer === wrongPassword
    return answer
  } finally {
    await (isFailed ? attempts.failed(origin) : attempts.forgive(account))
  }
}

const change = async (
  { credentials, hasher, clock, revocations }: AccountsPorts,
  { userId, sessionId }: Identity,
  registrationId: string,
  passwords: Passwords,
): Promise<Answer> => {
  const oldHash = await credentials.passwordHash(registrationId)
  if (oldHash === undefined) return wrongPassword
  if (!(await hasher.verify(oldHash, passwords.old))) {
    const wasMade = passwords.isRepeatable && (await hasher.verify(oldHash, passwords.new))
    return wasMade ? { ok: { duplicate: true } } : wrongPassword
  }
  const newHash = await hasher.hash(passwords.new)
  const ended = await credentials.changePassword(
    { userId, registrationId, oldHash, newHash, keepSession: sessionId },
    clock.now(),
  )
  if (ended === undefined) return wrongPassword
  revocations.end(ended)
  return { ok: {} }
}
