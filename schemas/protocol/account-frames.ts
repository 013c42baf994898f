import { Type } from 'typebox'
import { pageCursor, pageLimit, ref, repeatable, strict, text } from './fields.ts'
import { passwordCodePointsMax, passwordCodePointsMin, sessionIdCodePointsMax } from './limits.ts'

/** Requests about one's own account. PROTOCOL §2. */
const sessions = Type.Object(
  { op: Type.Literal('sessions'), ref, after: Type.Optional(pageCursor), limit: Type.Optional(pageLimit) },
  strict,
)
const sessionEnd = Type.Union([
  Type.Object(
    { op: Type.Literal('session.end'), ref, session: text(1, sessionIdCodePointsMax), ...repeatable },
    strict,
  ),
  Type.Object({ op: Type.Literal('session.end'), ref, others: Type.Literal(true), ...repeatable }, strict),
])
const passwordChange = Type.Object(
  {
    op: Type.Literal('password.change'),
    ref,
    old: text(1, passwordCodePointsMax),
    new: text(passwordCodePointsMin, passwordCodePointsMax),
    ...repeatable,
  },
  strict,
)

/** The schema of each request, by its op. */
export const accountSchemas = {
  sessions,
  'session.end': sessionEnd,
  'password.change': passwordChange,
} as const
