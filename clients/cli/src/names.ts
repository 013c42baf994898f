import type { User } from '@chat/sdk'
import { Exit } from './exit.ts'
import type { Asking } from './session/asking.ts'
import { safeLine } from './text/safe-text.ts'

/** Whom ids belong to, as people see them, safe for a terminal. */
export interface Names {
  /** What is known of it now: `user 12` until it was looked up. */
  of(user: number): string
  has(user: number): boolean
  learn(user: User): void
  /** Looks up those that are not known. Whoever cannot be looked up stays a number. */
  lookUp(users: readonly number[]): Promise<void>
}

/** Names that are remembered; the oldest are forgotten first. */
const namesMax = 10_000
/** Look-ups under way at once. */
const lookUpsMax = 8

export const createNames = (asking: Pick<Asking, 'read'>): Names => {
  const names = new Map<number, string>()
  const learn = ({ id, name }: User) => {
    names.delete(id)
    names.set(id, safeLine(name))
    const [oldest] = names.keys()
    if (names.size > namesMax && oldest !== undefined) names.delete(oldest)
  }
  const lookUpOne = async (id: number) => {
    try {
      learn((await asking.read('user', { id })).user)
    } catch (error) {
      if (!(error instanceof Exit)) throw error // A name is not worth failing for: the number says as much.
    }
  }
  return {
    learn,
    of: (user) => names.get(user) ?? `user ${user}`,
    has: (user) => names.has(user),
    lookUp: async (users) => {
      const unknown = [...new Set(users)].filter((user) => !names.has(user))
      const work = async () => {
        for (let id = unknown.shift(); id !== undefined; id = unknown.shift()) await lookUpOne(id)
      }
      await Promise.all(Array.from({ length: lookUpsMax }, work))
    },
  }
}
