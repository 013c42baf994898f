import { groupSettings, normaliseName } from '@chat/schemas/protocol'
import { refused } from '../../answer.ts'
import { clientMsgIdOf, refuseFutureId } from './client-msg-id.ts'
import { type FrameOf, type Prepared, write } from './handler.ts'

/** `group.create`: a group with its first members, all of whom exist. PROTOCOL §2. */
export const groupCreate = write<'group.create'>((frame, { identity }, services) => {
  const future = refuseFutureId(frame.clientMsgId, services)
  if (future !== undefined) return future
  const members = [...new Set(frame.members)].filter((id) => id !== identity.userId)
  const name = frame.name ?? null
  const prepared: Prepared = {
    draft: {
      type: 'CreateGroup',
      actor: identity.userId,
      device: identity.device,
      clientMsgId: clientMsgIdOf(frame, services),
      name,
      normalisedName: name === null ? null : normaliseName(name),
      ...texts(frame),
      keyId: null,
      visibility: frame.visibility,
      ...groupSettings(frame),
      members,
    },
  }
  const exist = services.directory.allExist(members)
  if (exist === true) return prepared
  return exist.then((found) => (found === true ? prepared : { refusal: refused(found) }))
})

const texts = (frame: FrameOf<'group.create'>) => ({
  title: Buffer.from(frame.title),
  description: Buffer.from(frame.description ?? ''),
})
