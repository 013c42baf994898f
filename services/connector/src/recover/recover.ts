import type { Credentials } from '@chat/credentials'
import { newResetCode, resetCodeHash } from '@chat/credentials'
import type { ReadModels, UserRow } from '@chat/read-models'
import type { Clock, Random } from '@chat/runtime'
import { normaliseName, pageItemsMax } from '@chat/schemas/protocol'

/** How long a code can be used, ms. */
const codeLifeMs = 7 * 24 * 60 * 60_000

/** Whose passwords are to be set anew. */
export type RecoverRequest = { readonly kind: 'all' } | { readonly kind: 'name'; readonly name: string }

export interface RecoverPorts {
  readonly credentials: Pick<Credentials, 'putResetCodes'>
  readonly readModels: Pick<ReadModels, 'users' | 'userByName'>
  readonly clock: Clock
  readonly random: Random
  /** One line: user id, name and code, with tabs between. Resolves when more can be taken. */
  readonly write: (line: string) => Promise<void>
}

/**
 * Gives out one-time codes, each in the place of an earlier one of that account, and tells each as soon as it counts. Resolves with how many; 0:
 * there is nobody of that name. One page of users is held at a time.
 */
export const recover = async (ports: RecoverPorts, request: RecoverRequest): Promise<number> => {
  if (request.kind === 'name') {
    const user = await ports.readModels.userByName(normaliseName(request.name))
    return user === undefined ? 0 : giveOut(ports, [user])
  }
  let count = 0
  let after: string | undefined
  do {
    const page = await ports.readModels.users('', after, pageItemsMax)
    count += await giveOut(ports, page.items)
    after = page.next
  } while (after !== undefined)
  return count
}

const giveOut = async (
  { credentials, clock, random, write }: RecoverPorts,
  users: readonly UserRow[],
): Promise<number> => {
  const expiresAt = clock.now() + codeLifeMs
  const given = users.map((user) => ({ user, code: newResetCode(random) }))
  await credentials.putResetCodes(
    given.map(({ user: { registrationId }, code }) => ({ registrationId, codeHash: resetCodeHash(code), expiresAt })),
  )
  for (const { user, code } of given) await write(`${user.id}\t${user.name}\t${code}\n`)
  return given.length
}
