import type { ReadModels } from '@chat/read-models'

/** Whether `asker` may know of `user` when he is online. */
type MayKnow = (user: number, asker: number) => boolean

/**
 * The one place where it is asked who may know of whom; who may not is shown what he is shown of somebody who does not exist. Throws
 * Fault when it cannot be told now.
 */
export type Privacy = (users: readonly number[], askers: readonly number[]) => Promise<MayKnow>

/** Whoever blocks another is hidden from him. */
export const createPrivacy =
  (readModels: Pick<ReadModels, 'blocksBetween'>): Privacy =>
  async (users, askers) => {
    const blocks = await readModels.blocksBetween(users, askers)
    if (blocks.length === 0) return () => true
    const hidden = new Set(blocks.map(({ by, whom }) => `${by}|${whom}`))
    return (user, asker) => !hidden.has(`${user}|${asker}`)
  }
