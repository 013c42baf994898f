import { refused } from '../../answer.ts'
import { sentToGroup } from './group-acts.ts'
import { type Prepared, write } from './handler.ts'

/** `group.ban`: the command says whether there is such a user, because the actor's right comes before that. PROTOCOL §2. */
export const groupBan = write<'group.ban'>((frame, caller, services) => {
  const found = sentToGroup(frame, caller, services)
  if ('refusal' in found) return found
  const { user } = frame
  const preparedWith = (missing: readonly number[]): Prepared => ({
    draft: { type: 'BanMember', ...found.sent, user, isKnown: missing.length === 0 },
  })
  const missing = services.directory.missing([user])
  if (!(missing instanceof Promise)) return preparedWith(missing)
  return missing.then((unknown) => (unknown === 'unavailable' ? { refusal: refused(unknown) } : preparedWith(unknown)))
})
