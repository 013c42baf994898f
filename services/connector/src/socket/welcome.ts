import type { UserRow } from '@chat/read-models'
import { type CloseCode, closeCode, publishedLimits } from '@chat/schemas/protocol'
import { userBody } from '../accounts/answers.ts'
import { refused } from '../answer.ts'
import type { Answer } from '../ports.ts'
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

/** Who says hello, as he was read, or with what he is refused. */
export const admittedOf = (
  user: UserRow | undefined | 'unavailable',
  { isUserSuspended }: Pick<ConnectionServices, 'isUserSuspended'>,
): { readonly user: UserRow } | { readonly refusal: readonly [answer: Answer, code: CloseCode, reason: string] } => {
  if (user === undefined || user === 'unavailable')
    return { refusal: [refused('unavailable'), closeCode.unavailable, 'the account cannot be read'] }
  if (isUserSuspended(user)) return { refusal: [refused('suspended'), closeCode.suspended, 'suspended'] }
  return { user }
}
