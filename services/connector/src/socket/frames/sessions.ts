import { effect } from './handler.ts'
import { pageOf } from './page.ts'

/** `sessions`: where the caller is logged in. Not from the read models, so nothing is waited for. PROTOCOL §2. */
export const sessions = effect<'sessions'>((frame, { identity }, { ownAccount }) => {
  const { after, limit } = pageOf(frame)
  return ownAccount.sessions(identity, after, limit)
})
