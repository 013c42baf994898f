import type { UserRow } from '@chat/read-models'
import { isFault } from '@chat/runtime'
import { partitionOf, partitionOfId } from '@chat/schemas'
import { normaliseName, readWaitMs } from '@chat/schemas/protocol'
import type { AccountsPorts } from './accounts-ports.ts'

/** By name or by id. */
type NamedBody = { readonly name: string } | { readonly userId: number }

/** Whom a request names, as its own lookup and its partition, and what failures count against while nobody is known by it. */
export interface Claimed {
  readonly unknownAccount: string
  readonly partition: number
  readonly find: () => Promise<UserRow | undefined>
}

/** What failures of an account are counted under. */
export const accountOf = (normalisedName: string): string => `name ${normalisedName}`

export const claimedBy = ({ readModels, topics }: AccountsPorts, body: NamedBody): Claimed => {
  const { partitions } = topics.events
  if ('userId' in body) {
    const { userId } = body
    return {
      unknownAccount: `id ${userId}`,
      partition: partitionOfId(userId, partitions),
      find: () => readModels.userById(userId),
    }
  }
  const name = normaliseName(body.name)
  return {
    unknownAccount: accountOf(name),
    partition: partitionOf(name, partitions),
    find: () => readModels.userByName(name),
  }
}

/** Whether the projection passed what this partition held when asked, within `readWaitMs`. Never rejects for a Fault. */
export const isCaughtUp = async (
  { watermark, readModels, clock }: AccountsPorts,
  partition: number,
): Promise<boolean> => {
  const giveUp = new AbortController()
  const cancel = clock.after(readWaitMs, () => giveUp.abort())
  const tooLate = new Promise<false>((resolve) => giveUp.signal.addEventListener('abort', () => resolve(false)))
  const passed = watermark
    .ofPartition(partition)
    .then((end) => readModels.waitFor(end, readWaitMs, giveUp.signal))
    .catch((error) => {
      if (isFault(error) || giveUp.signal.aborted) return false
      throw error
    })
  try {
    return await Promise.race([passed, tooLate])
  } finally {
    cancel()
  }
}
