import type { Attempts } from '@chat/attempts'
import type { UserRow } from '@chat/read-models'
import { randomId, uuidV7 } from '@chat/runtime'
import { encodePosition } from '@chat/schemas'
import {
  clientMsgIdAheadMaxMs,
  normaliseName,
  parseDialectRegistration,
  parseRegistration,
  type RegistrationBody,
  readWaitMs,
  uuidV7TimeMs,
} from '@chat/schemas/protocol'
import type { Answer, CommandOutcome } from '../ports.ts'
import { refusedWordMessage } from '../word-filter/word-filter.ts'
import type { AccountsPorts } from './accounts-ports.ts'
import { answering, refuse, userBody } from './answers.ts'
import { accountOf } from './claimed.ts'
import { noDevice } from './no-device.ts'

const nameTaken = refuse('name_taken', 'this name is taken')

/**
 * Claims a name. The password's hash is stored first, under a random registration that the command carries: a crash between the
 * two leaves a credential without a user, which nobody can log in with. `dialect`: the older protocol that it came by.
 */
export const register = (
  ports: AccountsPorts,
  attempts: Attempts,
  input: unknown,
  remoteAddress: string,
  dialect?: string,
): Promise<Answer> =>
  answering(async () => {
    const parsed = (dialect === undefined ? parseRegistration : parseDialectRegistration)(input)
    if ('error' in parsed) return parsed
    const body = parsed.value
    const now = ports.clock.now()
    if (body.clientMsgId !== undefined && uuidV7TimeMs(body.clientMsgId) > now + clientMsgIdAheadMaxMs)
      return refuse('invalid', '/clientMsgId: is more than a day ahead')
    if ([body.name, body.displayName ?? ''].some(ports.wordFilter.refuses))
      return refuse('forbidden', refusedWordMessage)
    const normalisedName = normaliseName(body.name)
    // Without a clientMsgId it cannot be a repetition: a name that is there is taken, and no hash need be computed.
    if (body.clientMsgId === undefined && (await ports.readModels.userByName(normalisedName)) !== undefined)
      return nameTaken
    const outcome = await submit(ports, body, normalisedName, dialect)
    switch (outcome.outcome) {
      case 'accepted':
        return registered(body, outcome)
      case 'repeated':
        return repeated(ports, attempts, { body, normalisedName, outcome, remoteAddress })
      case 'rejected':
        return outcome.code === 'name_taken' ? nameTaken : refuse(outcome.code, 'the registration was refused')
    }
  })

const submit = async (
  { hasher, credentials, commands, clock, random }: AccountsPorts,
  body: RegistrationBody,
  normalisedName: string,
  dialect: string | undefined,
): Promise<CommandOutcome> => {
  const registrationId = randomId(random)
  const passwordHash = await hasher.hash(body.password)
  await credentials.insertCredential(registrationId, passwordHash, clock.now(), dialect)
  return commands.submit({
    type: 'RegisterUser',
    device: noDevice,
    clientMsgId: body.clientMsgId ?? uuidV7(clock.now(), random),
    name: body.name,
    normalisedName,
    registrationId,
    displayName: Buffer.from(body.displayName ?? body.name),
    keyId: null,
  })
}

type Settled = Exclude<CommandOutcome, { readonly outcome: 'rejected' }>

const registered = (body: RegistrationBody, outcome: Settled): Answer => {
  const { id, at } = outcome
  if (id === null || at === null) return refuse('internal', 'the answer to the registration names no user')
  const user = { id, name: body.name, displayName: body.displayName ?? body.name, createdAt: at }
  return { ok: { user: userBody(user), position: encodePosition(outcome) } }
}

interface Repetition {
  readonly body: RegistrationBody
  readonly normalisedName: string
  readonly outcome: Settled
  readonly remoteAddress: string
}

/** Whoever repeats a registration shows with the password that it was his; a wrong one counts as a failed login. */
const repeated = async (
  ports: AccountsPorts,
  attempts: Attempts,
  { body, normalisedName, outcome, remoteAddress }: Repetition,
): Promise<Answer> => {
  const account = accountOf(normalisedName)
  const limited = await attempts.begin(account, remoteAddress)
  if (limited) return refuse('rate_limited', 'too many failed attempts', limited.retryAfterMs)
  let isFailed = false
  try {
    if (!(await ports.readModels.waitFor([{ partition: outcome.partition, pos: outcome.pos }], readWaitMs)))
      return refuse('unavailable', 'the read model is behind; try again', readWaitMs)
    const user = await ports.readModels.userByName(normalisedName)
    // An id that was used for another name of the same partition.
    if (user === undefined || (outcome.id !== null && user.id !== outcome.id)) return nameTaken
    const isRight = await isPasswordOf(ports, user, body.password)
    isFailed = !isRight
    return isRight ? { ok: { user: userBody(user), position: encodePosition(outcome), duplicate: true } } : nameTaken
  } finally {
    await (isFailed ? attempts.failed(remoteAddress) : attempts.forgive(account))
  }
}

const isPasswordOf = async (
  { credentials, hasher }: AccountsPorts,
  user: UserRow,
  password: string,
): Promise<boolean> => {
  const kept = await credentials.passwordHash(user.registrationId)
  return kept !== undefined && hasher.verify(kept, password)
}
