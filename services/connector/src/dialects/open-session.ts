import { isFault } from '@chat/runtime'
import type { LineEvents, LoggedIn, Push, Refused } from './line.ts'

interface Opening<Session> {
  /** Logs in, and opens the line. */
  readonly enter: (events: LineEvents) => Promise<LoggedIn | Refused>
  /** Called at once when he is in. */
  readonly open: (loggedIn: LoggedIn) => Session
  /** The connector closed the line. */
  readonly onClosed: (session: Session) => void
}

export interface Opened {
  /** Answers the login and begins to show. Resolves with false, or throws a Fault, when what is to be told cannot be read now. */
  begin(): Promise<boolean>
  hear(push: Push): void
}

/**
 * Lets somebody in. What is pushed before his session is there is kept for it, and a notice until his login is answered: clients take what
 * comes first for the answer. Resolves with why not; whoever was opened then is to leave.
 */
export const openSession = async <Session extends Opened>({
  enter,
  open,
  onClosed,
}: Opening<Session>): Promise<Session | Refused> => {
  const early: Push[] = []
  let notices: Push[] | undefined = []
  let session: Session | undefined
  const hear = (push: Push) => {
    if (push.op === 'notice' && notices !== undefined) notices.push(push)
    else if (session === undefined) early.push(push)
    else session.hear(push)
  }
  const loggedIn = await enter({
    onPush: hear,
    onClosed: () => {
      if (session !== undefined) onClosed(session)
    },
  })
  if (typeof loggedIn === 'string') return loggedIn
  session = open(loggedIn)
  for (const push of early) session.hear(push)
  if (!(await session.begin().catch(falseWhenAway))) return 'notNow'
  const held = notices
  notices = undefined
  for (const notice of held) session.hear(notice)
  return session
}

const falseWhenAway = (error: unknown): false => {
  if (!isFault(error)) throw error
  return false
}
