import { Type } from 'typebox'
import { clientMsgId, strict } from './fields.ts'
import { aboutCodePointsMax, displayNameCodePointsMax } from './limits.ts'
import { isAllowedAbout, isAllowedDisplayName } from './names.ts'

/** What people say of themselves. */
export const displayName = Type.Refine(
  Type.String({ minCodePoints: 1, maxCodePoints: displayNameCodePointsMax }),
  isAllowedDisplayName,
  () => `must be one line of 1 to ${displayNameCodePointsMax} characters`,
)

/** Empty: nothing any more. */
const about = Type.Refine(
  Type.String({ minCodePoints: 0, maxCodePoints: aboutCodePointsMax }),
  isAllowedAbout,
  () => `must be text of at most ${aboutCodePointsMax} characters`,
)

/** What is left out stays as it is. */
export const profile = Type.Object(
  {
    op: Type.Literal('profile'),
    ref: Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
    displayName: Type.Optional(displayName),
    about: Type.Optional(about),
    clientMsgId: Type.Optional(clientMsgId),
  },
  strict,
)
