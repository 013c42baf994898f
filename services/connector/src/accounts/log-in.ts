import type { Attempts } from '@chat/attempts'
import type { UserRow } from '@chat/read-models'
import { type LoginBody, parseLogin, readWaitMs } from '@chat/schemas/protocol'
import type { Answer, Api } from '../ports.ts'
import type { AccountsOptions, AccountsPorts } from './accounts-ports.ts'
import { answering, badCredentials, refuse } from './answers.ts'
import { accountOf, type Claimed, claimedBy, isCaughtUp } from './claimed.ts'
import { accountOfToken } from './log-in-external.ts'
import { beginExternalSession, beginSession } from './sessions.ts'

type PasswordBody = Exclude<LoginBody, { readonly externalToken: string }>
/** Somebody and the hash that his password fits. */
interface Known {
  readonly user: UserRow
  readonly passwordHash: string
}

/**
 * Logs in by name or id and password. Argon2 (with a dummy hash when nobody was found) runs beside the wait for the projection, and
 * the look-ups are the same, for everybody alike; a refusal comes only after both. So a wrong password and an unknown name cost the same and get
 * the same answer, and somebody who registered a moment ago elsewhere is found.
 */
export const createLogIn = (ports: AccountsPorts, options: AccountsOptions, attempts: Attempts): Api['logIn'] => {
  const check = createPasswordCheck(ports)
  const decide = async (
    { find, partition }: Claimed,
    user: UserRow | undefined,
    body: PasswordBody,
  ): Promise<Known | Answer> => {
    const caughtUp = isCaughtUp(ports, partition)
    const known = await check(user, body.password)
    if (known !== undefined) return known
    if (!(await caughtUp)) return refuse('unavailable', 'the read model is behind; try again', readWaitMs)
    // Asked again for everybody: who is there already must not cost less than who is not.
    const late = await find()
    const isNew = user === undefined && late !== undefined
    return (isNew ? await check(late, body.password) : undefined) ?? badCredentials
  }
  const byToken = async (body: Exclude<LoginBody, PasswordBody>, remoteAddress: string): Promise<Answer> => {
    const user = await accountOfToken(ports, attempts, body.externalToken, remoteAddress)
    return 'error' in user || 'ok' in user ? user : beginExternalSession(ports, options, user, body.device)
  }
  return (input, remoteAddress) =>
    answering(async () => {
      const parsed = parseLogin(input)
      if ('error' in parsed) return parsed
      if ('externalToken' in parsed.value) return byToken(parsed.value, remoteAddress)
      const claimed = claimedBy(ports, parsed.value)
      const user = await claimed.find()
      // One bucket for an account, whether it is named by its name or its id.
      const account = user === undefined ? claimed.unknownAccount : accountOf(user.normalisedName)
      const limited = await attempts.begin(account, remoteAddress)
      if (limited) return refuse('rate_limited', 'too many failed logins', limited.retryAfterMs)
      let isFailed = false
      try {
        const result = await decide(claimed, user, parsed.value)
        const answer = 'user' in result ? await beginSession(ports, options, result, parsed.value.device) : result
        isFailed = answer === badCredentials
        return answer
      } finally {
        await (isFailed ? attempts.failed(remoteAddress) : attempts.forgive(account))
      }
    })
}

/** undefined user: the same work on a hash that no password fits. */
const createPasswordCheck = ({ hasher, credentials, random }: AccountsPorts) => {
  let dummy: Promise<string> | undefined
  const hashOfNobody = () => {
    dummy ??= hasher.hash(Buffer.from(random.bytes(32)).toString('base64url')).catch((error) => {
      dummy = undefined
      throw error
    })
    return dummy
  }
  return async (user: UserRow | undefined, password: string): Promise<Known | undefined> => {
    // Without a user the credential is looked up all the same: the statement takes time as well.
    const [kept, dummyHash] = await Promise.all([
      credentials.passwordHash(user?.registrationId ?? 'nobody'),
      hashOfNobody(),
    ])
    const isRight = await hasher.verify(kept ?? dummyHash, password)
    return isRight && user !== undefined && kept !== undefined ? { user, passwordHash: kept } : undefined
  }
}
