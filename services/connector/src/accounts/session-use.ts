import type { Credentials } from '@chat/credentials'
import { type Clock, every, isFault, type Logger, type Service } from '@chat/runtime'

/** How often it is written which sessions were at work, ms. */
const writeEveryMs = 60_000
/** Sessions named in one statement. */
const sessionsPerCallMax = 1000
/** Sessions noted between two writes; a connector has no more sockets, and beyond it a time is a minute older than it could be. */
const notedMax = 100_000

/** Writes down when sessions were last at work: about once a minute while they are, and when their sockets closed. */
export interface SessionUse extends Service {
  /** It is at work now. */
  note(sessionId: string): void
}

interface SessionUsePorts {
  readonly credentials: Pick<Credentials, 'touchSessions'>
  /** The sessions of all sockets of now. */
  readonly connected: () => Iterable<string>
  readonly clock: Clock
  readonly logger: Logger
}

/** `stop` writes what was noted. */
export const createSessionUse = ({ credentials, connected, clock, logger }: SessionUsePorts): SessionUse => {
  let noted = new Set<string>()
  let cancel = () => {}

  const note = (sessionId: string) => {
    if (noted.size < notedMax) noted.add(sessionId)
  }

  const write = async () => {
    for (const sessionId of connected()) note(sessionId)
    const ids = [...noted]
    noted = new Set()
    try {
      for (let i = 0; i < ids.length; i += sessionsPerCallMax)
        await credentials.touchSessions(ids.slice(i, i + sessionsPerCallMax), clock.now())
    } catch (error) {
      if (!isFault(error)) throw error
      for (const id of ids) note(id)
      logger.debug({ err: error }, 'last use of sessions not written')
    }
  }

  return {
    start: async () => {
      cancel = every(clock, writeEveryMs, write)
    },
    stop: async () => {
      cancel()
      await write()
    },
    note,
  }
}
