import { createHash } from 'node:crypto'
import { noDevice } from '@chat/connector/no-device'
import { noPassword } from '@chat/credentials'
import { isAllowedName, normaliseName, parseDialectRegistration } from '@chat/schemas/protocol'
import type { House } from './house.ts'
import { parseNumbers } from './number.ts'
import type { Verdict } from './report.ts'
import type { Step } from './step.ts'

interface OldUser {
  readonly oldId: number
  readonly name: string
  readonly normalisedName: string
  /** undefined: whoever says the name is let in, where that is allowed. */
  readonly password: string | undefined
}

/**
 * An account like one that registered by the dialect, and then its alias. The registration is a function of who it is, so that a run that
 * goes on after another was interrupted knows an account of its own from one that somebody else has made.
 */
export const usersStep = (house: House): Step<'users', OldUser> => {
  const { dialect, firstId, readModels } = house
  const registrationOf = ({ oldId, normalisedName }: OldUser): string => {
    const digest = createHash('sha256').update(`${dialect}|${oldId}|${normalisedName}`).digest('base64url')
    return `import-${digest}`
  }

  const register = async (user: OldUser): Promise<Verdict | undefined> => {
    const { name, normalisedName, password } = user
    const registrationId = registrationOf(user)
    const hash = password === undefined ? noPassword : await house.hasher.hash(password)
    await house.credentials.insertCredential(registrationId, hash, house.clock.now(), dialect)
    const outcome = await house.submit({
      ...{ type: 'RegisterUser', device: noDevice, clientMsgId: house.newClientMsgId() },
      ...{ name, normalisedName, registrationId, displayName: Buffer.from(name), keyId: null },
    })
    if (outcome.outcome !== 'refused') return undefined
    if (outcome.code !== 'name_taken') return { why: `it was refused: ${outcome.code}` }
    await house.seenAll()
    return whoseName(user)
  }

  /** undefined: it is the account that this import made. */
  const whoseName = async (user: OldUser): Promise<Verdict | undefined> => {
    const found = await readModels.userByName(user.normalisedName)
    if (found?.registrationId === registrationOf(user)) return undefined
    return { why: `the name ${user.name} is that of another user (id ${found?.id})` }
  }

  const giveAlias = async ({ oldId, normalisedName }: OldUser): Promise<Verdict> => {
    const draft = { type: 'ImportUser', normalisedName, dialect, oldId, clientMsgId: house.newClientMsgId() } as const
    const outcome = await house.submit({ ...draft, ...house.onMachine })
    return outcome.outcome === 'refused' ? { why: `its number was refused: ${outcome.code}` } : 'taken'
  }

  const takeOne = async (user: OldUser, owner: number | undefined, named: number | undefined): Promise<Verdict> => {
    if (owner !== undefined)
      return owner === named ? 'there' : { why: `the number ${user.oldId} is that of another user (id ${owner})` }
    return (named === undefined ? await register(user) : await whoseName(user)) ?? (await giveAlias(user))
  }

  return {
    kind: 'users',
    parse: (fields) => {
      const numbers = parseNumbers({ id: fields.id })
      if ('why' in numbers) return numbers
      const { name, password } = fields
      if (numbers.id >= firstId)
        return { why: `its id is not below ${firstId}, where the ids of this log begin (CHAT_FIRST_ID)` }
      if (!isAllowedName(name)) return { why: `this is no name that is allowed here: ${JSON.stringify(name)}` }
      const user = { oldId: numbers.id, name, normalisedName: normaliseName(name) }
      if (password === '' && dialect === 'action') return { ...user, password: undefined }
      if ('error' in parseDialectRegistration({ name, password })) return { why: 'a password has 1 to 256 characters' }
      return { ...user, password }
    },
    bounds: ({ oldId, normalisedName }) => [
      [`number ${oldId}`, 1],
      [`name ${normalisedName}`, 1],
    ],
    take: async (users) => {
      const owners = await house.idsOf(
        'user',
        users.map(({ oldId }) => oldId),
      )
      const named = await readModels.usersByNames(users.map(({ normalisedName }) => normalisedName))
      const verdicts = await Promise.all(
        users.map((user) => takeOne(user, owners.get(user.oldId), named.get(user.normalisedName))),
      )
      await house.seen()
      return verdicts
    },
  }
}
