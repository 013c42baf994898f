import { refused } from '../../answer.ts'
import { sentToGroup } from './group-acts.ts'
import { type Prepared, write } from './handler.ts'

/** `group.invite`: the command says who of them does not exist, because the inviter's right comes before that. PROTOCOL §2. */
export const groupInvite = write<'group.invite'>((frame, caller, services) => {
  const found = sentToGroup(frame, caller, services)
  if ('refusal' in found) return found
  const users = [...new Set(frame.users)]
  const preparedWith = (unknown: readonly number[]): Prepared => ({
    draft: { type: 'InviteMembers', ...found.sent, users, unknown },
  })
  const missing = services.directory.missing(users)
  if (!(missing instanceof Promise)) return preparedWith(missing)
  return missing.then((unknown) => (unknown === 'unavailable' ? { refusal: refused(unknown) } : preparedWith(unknown)))
})
