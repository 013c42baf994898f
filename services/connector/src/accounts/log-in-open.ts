import { noPassword } from '@chat/credentials'
import type { UserRow } from '@chat/read-models'
import { randomId, uuidV7 } from '@chat/runtime'
import { isAllowedName, normaliseName, readWaitMs } from '@chat/schemas/protocol'
import type { Answer, DialectApi } from '../ports.ts'
import type { AccountsOptions, AccountsPorts } from './accounts-ports.ts'
import { answering, badCredentials, refuse } from './answers.ts'
import { claimedBy, isCaughtUp } from './claimed.ts'
import { noDevice } from './no-device.ts'
import { beginSession } from './sessions.ts'

const behind = refuse('unavailable', 'the read model is behind; try again', readWaitMs)

/**
 * Lets in whoever says the name of an account that has no password, and makes one of a name that nobody has. The mark is what stands in the place
 * of the password's hash, so an account that is given a password is closed to this from then on.
 */
export const createLogInOpen =
  (ports: AccountsPorts, options: AccountsOptions, dialect: string): DialectApi['logInOpen'] =>
  ({ name, device }, remoteAddress) =>
    answering(async () => {
      const limited = ports.rateLimiter.logIn(remoteAddress)
      if (limited !== undefined) return limited
      if (!isAllowedName(name) || ports.wordFilter.refuses(name)) return badCredentials
      const found = await accountOf(ports, name, dialect, remoteAddress)
      if ('error' in found || 'ok' in found) return found
      // Of an account that has a password this proof is refused.
      return beginSession(ports, options, { user: found, passwordHash: noPassword }, device)
    })

/** Several first logins at once: one registers the name, the others find it. */
const accountOf = async (
  ports: AccountsPorts,
  name: string,
  dialect: string,
  remoteAddress: string,
): Promise<UserRow | Answer> => {
  const { find, partition } = claimedBy(ports, { name })
  const known = await find()
  if (known !== undefined) return known
  if (!(await isCaughtUp(ports, partition))) return behind
  const late = await find()
  if (late !== undefined) return late
  const limited = ports.rateLimiter.register(remoteAddress)
  if (limited !== undefined) return limited
  const made = await makeAccount(ports, name, dialect)
  if (made !== 'name_taken') return made
  return (await isCaughtUp(ports, partition)) ? ((await find()) ?? behind) : behind
}

const makeAccount = async (
  { credentials, commands, clock, random }: AccountsPorts,
  name: string,
  dialect: string,
): Promise<UserRow | Answer | 'name_taken'> => {
  const registrationId = randomId(random)
  const normalisedName = normaliseName(name)
  await credentials.insertCredential(registrationId, noPassword, clock.now(), dialect)
  const outcome = await commands.submit({
    ...{ type: 'RegisterUser', device: noDevice, clientMsgId: uuidV7(clock.now(), random) },
    ...{ name, normalisedName, registrationId, displayName: Buffer.from(name), keyId: null },
  })
  if (outcome.outcome === 'rejected')
    return outcome.code === 'name_taken' ? 'name_taken' : refuse(outcome.code, 'the registration was refused')
  const { id, at: createdAt } = outcome
  if (id === null || createdAt === null) return refuse('internal', 'the answer to the registration names no user')
  const user = { id, name, normalisedName, displayName: name, registrationId, createdAt }
  return { ...user, about: '', isOperator: false, isSuspended: false }
}
