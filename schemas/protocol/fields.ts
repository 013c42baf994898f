import { Type } from 'typebox'
import { idMax, parseConversation } from '../src/ids.ts'
import { pageCursorCharsMax, pageItemsMax, titleCodePointsMax } from './limits.ts'
import { hasCodePoints, isAllowedName, isAllowedTitle } from './names.ts'
import { isUuid, isUuidV7 } from './uuid.ts'

/** The kinds of field that requests are made of. Custom keywords (`maxCodePoints`) are for the generated documents. */

/** PostgreSQL stores no NUL, UTF-8 no lone surrogate. */
export const isStorable = (value: string): boolean => value.isWellFormed() && !value.includes('\0')

/** Text of `min` to `max` code points. (The library's own `maxLength` counts graphemes.) */
export const text = (min: number, max: number) =>
  Type.Refine(
    Type.String({ minCodePoints: min, maxCodePoints: max }),
    (value) => hasCodePoints(value, min, max) && isStorable(value),
    () => `must be well-formed text of ${min} to ${max} characters`,
  )

/** Text whose upper bound is checked apart, because its excess has a code of its own (`too_large`). */
export const boundedElsewhere = (min: number, max: number) =>
  Type.Refine(
    Type.String({ minCodePoints: min, maxCodePoints: max }),
    (value) => value.length >= min && isStorable(value),
    () => `must be well-formed text of at least ${min} characters`,
  )

export const name = Type.Refine(
  Type.String({ description: 'A name of a user or a public group.' }),
  isAllowedName,
  () => 'must be an allowed name',
)

export const uuid = Type.Refine(Type.String({ pattern: '^[0-9a-fA-F-]{36}$' }), isUuid, () => 'must be a UUID')

export const clientMsgId = Type.Refine(
  Type.String({ pattern: '^[0-9a-fA-F-]{36}$', description: 'UUID v7: the same id never has a second effect.' }),
  isUuidV7,
  () => 'must be a UUID v7',
)

export const conversation = Type.Refine(
  Type.String({ pattern: '^(g[1-9]\\d{0,9}|d[1-9]\\d{0,9}\\.[1-9]\\d{0,9})$' }),
  (value) => parseConversation(value) !== undefined,
  () => 'must be a conversation id',
)

export const userId = Type.Integer({ minimum: 1, maximum: idMax })

/** Place of an event in its conversation. */
export const seq = Type.Integer({ minimum: 1, maximum: idMax })

/** A bound of a range of seqs, exclusive: 0 is before the first. */
export const seqBound = Type.Integer({ minimum: 0, maximum: idMax })

/** More than the greatest page is answered with the greatest page. */
export const pageLimit = Type.Integer({ minimum: 1, maximum: idMax, description: `At most ${pageItemsMax} are given.` })

export const pageCursor = text(0, pageCursorCharsMax)

/** One line for people. */
export const title = Type.Refine(
  Type.String({ minCodePoints: 1, maxCodePoints: titleCodePointsMax }),
  (value) => isAllowedTitle(value, titleCodePointsMax),
  () => `must be one line of 1 to ${titleCodePointsMax} characters`,
)

export const joinPolicy = Type.Enum(['open', 'request', 'invite'])
export const historyPolicy = Type.Enum(['all', 'sinceJoin'])
export const postingPolicy = Type.Enum(['all', 'admins'])
/** Said of online rooms only: older clients know nothing of them. */
export const onlineMembership = Type.Literal('online', {
  description: 'Everybody takes part while connected. Absent: members are stored.',
})
export const role = Type.Enum(['owner', 'admin', 'member'])

export const strict = { additionalProperties: false } as const

/** Chosen by the client; the answer carries it again. */
export const ref = Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })

/** Every writing request may carry one. */
export const repeatable = { clientMsgId: Type.Optional(clientMsgId) }
