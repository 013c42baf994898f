import type { LineEvents, LoggedIn, Push, Refused } from './line.ts'

interface Opening<Session> {
  /** Logs in, and opens the line. */
  readonly enter: (events: LineEvents) => Promise<LoggedIn | Refused>
  /** Called at once when he is in. */
  readonly open: (loggedIn: LoggedIn) => Session
  /** The connector closed the line. */
  readonly onClosed: (session: Session) => void
}

/** Lets somebody in; what is pushed before his session is there is kept for it. Resolves with why not. */
export const openSession = async <Session extends { hear(push: Push): void }>({
  enter,
  open,
  onClosed,
}: Opening<Session>): Promise<Session | Refused> => {
  const early: Push[] = []
  let session: Session | undefined
  const loggedIn = await enter({
    onPush: (push) => (session === undefined ? void early.push(push) : session.hear(push)),
    onClosed: () => {
      if (session !== undefined) onClosed(session)
    },
  })
  if (typeof loggedIn === 'string') return loggedIn
  session = open(loggedIn)
  for (const push of early) session.hear(push)
  return session
}
