import { Type } from 'typebox'
import { conversation, pageCursor, pageLimit, strict, text } from './fields.ts'
import { popularWordsMax, searchQueryCodePointsMax } from './limits.ts'

/** Finding messages and words. PROTOCOL §2. */
const ref = Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })

export const search = Type.Object(
  {
    op: Type.Literal('search'),
    ref,
    query: text(1, searchQueryCodePointsMax),
    conversation: Type.Optional(conversation),
    after: Type.Optional(pageCursor),
    limit: Type.Optional(pageLimit),
  },
  strict,
)

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/

/** A moment, RFC 3339 in UTC. */
const time = Type.Refine(
  Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' }),
  (value) => rfc3339.test(value) && !Number.isNaN(Date.parse(value)),
  () => 'must be a time as RFC 3339 has it, in UTC',
)

export const popular = Type.Refine(
  Type.Object(
    {
      op: Type.Literal('popular'),
      ref,
      n: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: `At most ${popularWordsMax} are given.` }),
      ),
      from: Type.Optional(time),
      to: Type.Optional(time),
    },
    strict,
  ),
  ({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to),
  () => 'must begin before it ends',
)
