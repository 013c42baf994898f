import { isFault } from '@chat/runtime'
import { blockedBody, friendRequestBody, timeOf, userBody } from '../../accounts/answers.ts'
import { ok } from '../../answer.ts'
import { type FrameServices, read } from './handler.ts'
import { pageOf } from './page.ts'

/** `friends`: by id, with who is online; the first page says who asked whom, and whom the caller blocks. PROTOCOL §2. */
export const friends = read<'friends'>(async (frame, { identity }, services) => {
  const { limit, after } = pageOf(frame)
  const { items, next, requests, blocked } = await services.readModels.friends(identity.userId, after, limit)
  // Of whoever blocks the caller nothing is looked up, so nothing of him can be told.
  const shown = items.filter(({ isHidden }) => !isHidden).map(({ user }) => user.id)
  const online = await orUnknown('presence_unavailable', () => onlineAmong(shown, services))
  const away = shown.filter((user) => online?.has(user) !== true)
  const lastSeen = await orUnknown('credentials_unavailable', () => lastSeenAmong(away, services))
  return ok({
    items: items.map(({ user, since }) => ({
      ...{ user: userBody(user), since: timeOf(since), online: online?.has(user.id) === true },
      ...lastSeenOf(lastSeen?.get(user.id)),
    })),
    ...(next === undefined ? {} : { next }),
    ...(requests === undefined ? {} : { requests: requests.map(friendRequestBody) }),
    ...(blocked === undefined ? {} : { blocked: blocked.map(blockedBody) }),
    // Friends are no less friends while nobody can tell who is there: that is told late, and said to be.
    ...(online === undefined || lastSeen === undefined ? { stale: true } : {}),
  })
})

type Known<V> = Pick<ReadonlyMap<number, V>, 'has' | 'get'>
const nobody: Known<never> = new Map()

const onlineAmong = async (users: readonly number[], { presence }: FrameServices): Promise<Known<unknown>> =>
  users.length === 0 ? nobody : (await presence.lookup(users)).locations

const lastSeenAmong = async (users: readonly number[], { credentials }: FrameServices): Promise<Known<number>> =>
  users.length === 0 ? nobody : credentials.lastSeen(users)

/** undefined: the store is away. */
const orUnknown = async <T>(code: string, ask: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await ask()
  } catch (error) {
    if (!isFault(error, code)) throw error
    return undefined
  }
}

const lastSeenOf = (ms: number | undefined) => (ms === undefined ? {} : { lastSeenAt: timeOf(ms) })
