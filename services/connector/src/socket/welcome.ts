import type { UserRow } from '@chat/read-models'
import { publishedLimits } from '@chat/schemas/protocol'
import { userBody } from '../accounts/answers.ts'
import type { ConnectionServices, Session } from './connection-services.ts'

/** What `hello` is answered with; `sync`: the page that it asked for. PROTOCOL §2. */
export const welcomeOf = (services: ConnectionServices, user: UserRow, { identity }: Session, sync?: object) => ({
  user: userBody(user),
  session: identity.sessionId,
  connector: services.connectorId,
  time: new Date(services.clock.now()).toISOString(),
  heartbeatMs: services.heartbeatMs,
  limits: publishedLimits,
  ...(sync === undefined ? {} : { sync }),
})
