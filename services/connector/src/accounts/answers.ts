import type { FriendRequestView, FriendsPage, UserRow } from '@chat/read-models'
import { Fault } from '@chat/runtime'
import type { ErrorCode } from '@chat/schemas/protocol'
import type { Answer } from '../ports.ts'

export const refuse = (error: ErrorCode, message: string, retryAfterMs?: number): Answer =>
  retryAfterMs === undefined ? { error, message } : { error, message, retryAfterMs }

/** The one answer for a wrong password, an unknown name and an unknown id. */
export const badCredentials: Answer = refuse('bad_credentials', 'name or password is wrong')

/** Only whoever proved that he is that user is told so. */
export const suspended: Answer = refuse('suspended', 'this account is suspended')

/** A hint for clients that meet something overloaded or away, ms. */
const retryAfterMs = 1000

/** Runs `work`; a failure of the world becomes an answer, a bug stays a rejection. */
export const answering = (work: () => Promise<Answer>): Promise<Answer> => answeringWith(work)

/** The same for work that has more to give than an answer. */
export const answeringWith = async <T>(work: () => Promise<T | Answer>): Promise<T | Answer> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (error.code === 'timeout') return refuse('timeout', 'nothing is known of the outcome yet; ask again')
    return refuse('unavailable', 'a part of the service cannot be reached; try again', retryAfterMs)
  }
}

/** `user` as clients see it. Without `about`, he says nothing about himself. PROTOCOL §1. */
export const userBody = (
  user: Pick<UserRow, 'id' | 'name' | 'displayName' | 'createdAt'> & Partial<Pick<UserRow, 'about'>>,
) => ({
  id: user.id,
  name: user.name,
  displayName: user.displayName,
  createdAt: timeOf(user.createdAt),
  ...(user.about ? { about: user.about } : {}),
})

export const timeOf = (ms: number): string => new Date(ms).toISOString()

export const friendRequestBody = ({ user, at, ...request }: FriendRequestView) => ({
  user: userBody(user),
  ...request,
  at: timeOf(at),
})

export const blockedBody = ({ user, since }: NonNullable<FriendsPage['blocked']>[number]) => ({
  user: userBody(user),
  since: timeOf(since),
})
