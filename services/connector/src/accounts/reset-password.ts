import type { Attempts } from '@chat/attempts'
import { resetCodeHash } from '@chat/credentials'
import { type PasswordResetBody, parsePasswordReset, readWaitMs } from '@chat/schemas/protocol'
import type { Answer, Api } from '../ports.ts'
import type { AccountsPorts } from './accounts-ports.ts'
import { answering, refuse, userBody } from './answers.ts'
import { accountOf, type Claimed, claimedBy, isCaughtUp } from './claimed.ts'

/** The one answer for a wrong, used or expired code, and for an account that does not exist. */
const badCode = refuse('bad_credentials', 'the code is wrong, was used, or has expired')

/**
 * Turns a code that an operator gave out and a new password into a credential; all sessions of the account end. Wrong codes count like failed
 * logins. Works for every account of the log, also when its credential is lost.
 */
export const createResetPassword =
  (ports: AccountsPorts, attempts: Attempts): Api['resetPassword'] =>
  (input, remoteAddress) =>
    answering(async () => {
      const parsed = parsePasswordReset(input)
      if ('error' in parsed) return parsed
      const claimed = claimedBy(ports, parsed.value)
      const user = await claimed.find()
      const account = user === undefined ? claimed.unknownAccount : accountOf(user.normalisedName)
      const limited = await attempts.begin(account, remoteAddress)
      if (limited) return refuse('rate_limited', 'too many failed attempts', limited.retryAfterMs)
      let isFailed = false
      try {
        const answer = await reset(ports, claimed, parsed.value)
        isFailed = answer === badCode
        return answer
      } finally {
        await (isFailed ? attempts.failed(remoteAddress) : attempts.forgive(account))
      }
    })

/** What is asked is the same, whoever is named: the answer's time does not tell who exists. */
const reset = async (
  ports: AccountsPorts,
  { find, partition }: Claimed,
  { code, password }: PasswordResetBody,
): Promise<Answer> => {
  const { credentials, hasher, clock, revocations } = ports
  if (!(await isCaughtUp(ports, partition)))
    return refuse('unavailable', 'the read model is behind; try again', readWaitMs)
  const user = await find()
  const codeHash = resetCodeHash(code)
  const isRight = await credentials.hasResetCode(user?.registrationId ?? 'nobody', codeHash, clock.now())
  if (user === undefined || !isRight) return badCode
  const newHash = await hasher.hash(password)
  const { id: userId, registrationId } = user
  const ended = await credentials.resetPassword({ userId, registrationId, codeHash, newHash }, clock.now())
  if (ended === undefined) return badCode
  revocations.end(ended)
  return { ok: { user: userBody(user) } }
}
