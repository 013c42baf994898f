/** Whether `asker` may know of `user` when he is online. */
type MayKnow = (user: number, asker: number) => boolean

/**
 * The one place where it is asked who may know of whom; who may not is shown what he is shown of somebody who does not exist. Throws
 * Fault when it cannot be told now.
 */
export type Privacy = (users: readonly number[], askers: readonly number[]) => Promise<MayKnow>

/** As long as nobody can block anybody. */
export const openToAll: Privacy = async () => () => true
