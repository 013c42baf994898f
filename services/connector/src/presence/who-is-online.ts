import type { Presence } from '@chat/presence'
import { isFault, type Logger } from '@chat/runtime'
import type { Privacy } from './privacy.ts'

/**
 * Which of these users are connected somewhere, as far as the asker may know; undefined: nobody can tell now. Never rejects but for
 * bugs.
 */
export type WhoIsOnline = (users: readonly number[], asker: number) => Promise<ReadonlySet<number> | undefined>

interface Ports {
  readonly presence: Pick<Presence, 'lookup'>
  readonly privacy: Privacy
  readonly logger: Logger
}

export const createWhoIsOnline =
  ({ presence, privacy, logger }: Ports): WhoIsOnline =>
  async (users, asker) => {
    if (users.length === 0) return new Set()
    try {
      const mayKnow = await privacy(users, [asker])
      const { generation, locations } = await presence.lookup(users)
      if (generation === null) return undefined // Emptied: who is there registers again meanwhile.
      return new Set(users.filter((user) => mayKnow(user, asker) && (locations.get(user)?.length ?? 0) > 0))
    } catch (error) {
      if (!isFault(error)) throw error
      logger.debug({ err: error }, 'nobody can tell who is online')
      return undefined
    }
  }
