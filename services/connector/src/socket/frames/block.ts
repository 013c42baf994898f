import { write } from './handler.ts'
import { prepareRelation } from './relation.ts'

/** `block`: lets another user write no more. PROTOCOL §2. */
export const block = write<'block'>((frame, caller, services) =>
  prepareRelation(frame, caller, services, (envelope) => ({ type: 'BlockUser', ...envelope })),
)
