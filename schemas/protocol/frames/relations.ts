import { Type } from 'typebox'
import { pageCursor, pageLimit, ref, repeatable, strict, text, userId } from '../fields.ts'
import { friendNoteCodePointsMax } from '../limits.ts'

const about = <Op extends string>(op: Op) =>
  Type.Object({ op: Type.Literal(op), ref, user: userId, ...repeatable }, strict)

const friendRequest = Type.Object(
  {
    op: Type.Literal('friend.request'),
    ref,
    user: userId,
    note: Type.Optional(text(0, friendNoteCodePointsMax)),
    ...repeatable,
  },
  strict,
)

const friends = Type.Object(
  { op: Type.Literal('friends'), ref, after: Type.Optional(pageCursor), limit: Type.Optional(pageLimit) },
  strict,
)

/** Friendship and blocks between two users. PROTOCOL §2. */
export const relationSchemas = {
  friends,
  'friend.request': friendRequest,
  'friend.withdraw': about('friend.withdraw'),
  'friend.accept': about('friend.accept'),
  'friend.decline': about('friend.decline'),
  'friend.remove': about('friend.remove'),
  block: about('block'),
  unblock: about('unblock'),
} as const
