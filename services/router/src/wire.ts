import type { Wire } from '@chat/domain'
import { chainOf, chainStart, type Encoder, groupConversation, idMax, parseConversation } from '@chat/schemas'

/** What the domain needs of the schemas. */
export const wireOf = (encoder: Encoder): Wire => ({
  encode: encoder.encode,
  chainOf,
  chainStart,
  parseConversation,
  groupConversation,
  idMax,
})
