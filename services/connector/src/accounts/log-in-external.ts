import { createHash } from 'node:crypto'
import type { Attempts } from '@chat/attempts'
import type { UserRow } from '@chat/read-models'
import { uuidV7 } from '@chat/runtime'
import { partitionOf } from '@chat/schemas'
import { isAllowedDisplayName, isAllowedName, normaliseName, readWaitMs } from '@chat/schemas/protocol'
import type { Answer, CommandOutcome } from '../ports.ts'
import type { AccountsPorts } from './accounts-ports.ts'
import { refuse } from './answers.ts'
import type { ExternalPerson } from './external-tokens.ts'
import { noDevice } from './no-device.ts'

const badToken = refuse('bad_credentials', 'the token is not valid here')
const behind = refuse('unavailable', 'the read model is behind; try again', readWaitMs)
/** Of the hash of a person, appended to a name that somebody else has: 30 bits. */
const suffixChars = 6

/**
 * Whose account the token of the host application's login is, made if there is none. Who is who is in the log: `registrationId` is a hash of
 * issuer and subject, so the account is found again whatever becomes of schema `auth`, and whatever the person is called by then.
 */
export const accountOfToken = async (
  ports: AccountsPorts,
  attempts: Attempts,
  externalToken: string,
  remoteAddress: string,
): Promise<UserRow | Answer> => {
  const { externalTokens } = ports
  if (externalTokens === undefined) return refuse('invalid', '/externalToken: this server takes none')
  const account = `token ${createHash('sha256').update(externalToken).digest('hex')}`
  const limited = await attempts.begin(account, remoteAddress)
  if (limited) return refuse('rate_limited', 'too many failed logins', limited.retryAfterMs)
  let isFailed = false
  try {
    const person = await externalTokens.verify(externalToken)
    isFailed = person === undefined
    return person === undefined ? badToken : await accountOf(ports, person)
  } finally {
    await (isFailed ? attempts.failed(remoteAddress) : attempts.forgive(account))
  }
}

const accountOf = async (ports: AccountsPorts, person: ExternalPerson): Promise<UserRow | Answer> => {
  const { readModels, watermark } = ports
  const registrationId = registrationOf(person)
  const known = await readModels.userByRegistration(registrationId)
  if (known !== undefined) return known
  // A read model that is behind, or has parked events, does not know who is new: a second account could never be taken back.
  if (!(await readModels.waitFor(await watermark.now(), readWaitMs))) return behind
  const found = await readModels.registered([registrationId])
  if (found === undefined) return refuse('unavailable', 'events are parked: it is not known who has an account')
  return (await readModels.userByRegistration(registrationId)) ?? (await makeAccount(ports, person, registrationId))
}

/** Several first logins at once try the same names in the same order: one of them is accepted, and the others find its account. */
const makeAccount = async (
  ports: AccountsPorts,
  person: ExternalPerson,
  registrationId: string,
): Promise<UserRow | Answer> => {
  const { credentials, readModels } = ports
  const agreed = await credentials.agreeExternalName(registrationId, nameOf(person, registrationId))
  for (const name of [agreed, distinguished(agreed, registrationId)]) {
    const displayName = displayNameOf(person, name)
    const outcome = await submit(ports, { name, displayName, registrationId })
    if (outcome.outcome === 'accepted' && outcome.id !== null && outcome.at !== null) {
      const { id, at: createdAt } = outcome
      const user = { id, name, normalisedName: normaliseName(name), displayName, registrationId, createdAt }
      return { ...user, about: '', isOperator: false, isSuspended: false }
    }
    if (outcome.outcome === 'rejected' && outcome.code !== 'name_taken')
      return refuse(outcome.code, 'the registration was refused')
    const end = await ports.watermark.ofPartition(partitionOf(normaliseName(name), ports.topics.events.partitions))
    if (!(await readModels.waitFor(end, readWaitMs))) return behind
    const made = await readModels.userByRegistration(registrationId)
    if (made !== undefined) return made
  }
  return refuse('name_taken', 'the names that this person could have are taken')
}

interface NewAccount {
  readonly name: string
  readonly displayName: string
  readonly registrationId: string
}

const submit = (
  { commands, clock, random }: AccountsPorts,
  { name, displayName, registrationId }: NewAccount,
): Promise<CommandOutcome> =>
  commands.submit({
    ...{ type: 'RegisterUser', device: noDevice, clientMsgId: uuidV7(clock.now(), random) },
    ...{ name, normalisedName: normaliseName(name), registrationId },
    ...{ displayName: Buffer.from(displayName), keyId: null },
  })

/** The same for ever: it is in the log. No random registration has this form. */
const registrationOf = ({ issuer, subject }: ExternalPerson): string =>
  `ext-${createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('base64url')}`

const suffixOf = (registrationId: string): string =>
  createHash('sha256').update(registrationId).digest('hex').slice(0, suffixChars)

/** A claim that is no allowed name gives one that says nothing. */
const nameOf = ({ name }: ExternalPerson, registrationId: string): string =>
  name !== undefined && isAllowedName(name) ? name : `user-${suffixOf(registrationId)}`

const distinguished = (name: string, registrationId: string): string => {
  const suffix = `-${suffixOf(registrationId)}`
  const candidate = `${name}${suffix}`
  return isAllowedName(candidate) ? candidate : `user${suffix}`
}

const displayNameOf = ({ displayName }: ExternalPerson, name: string): string =>
  displayName !== undefined && isAllowedDisplayName(displayName) ? displayName : name
