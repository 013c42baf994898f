import { type Static, Type } from 'typebox'
import {
  conversation,
  historyPolicy,
  joinPolicy,
  postingPolicy,
  ref,
  repeatable,
  role,
  strict,
  text,
  title,
  userId,
} from './fields.ts'
import { descriptionCodePointsMax, groupInviteUsersMax, muteUntilMsMax } from './limits.ts'

/** Requests of those who run a group. PROTOCOL §2. */

const inGroup = <Op extends string>(op: Op) => ({ op: Type.Literal(op), ref, conversation, ...repeatable })

const aboutUser = <Op extends string>(op: Op) => Type.Object({ ...inGroup(op), user: userId }, strict)

const settings = {
  title: Type.Optional(title),
  description: Type.Optional(text(0, descriptionCodePointsMax)),
  joinPolicy: Type.Optional(joinPolicy),
  history: Type.Optional(historyPolicy),
  posting: Type.Optional(postingPolicy),
}

const change = Type.Refine(
  Type.Object({ ...inGroup('group.change'), ...settings }, strict),
  (frame) => Object.keys(settings).some((name) => Object.hasOwn(frame, name)),
  () => `must have at least one of ${Object.keys(settings).join(', ')}`,
)

const invite = Type.Object(
  {
    ...inGroup('group.invite'),
    users: Type.Array(userId, { minItems: 1, description: `At most ${groupInviteUsersMax}.` }),
  },
  strict,
)

const mute = Type.Object(
  {
    ...inGroup('group.mute'),
    user: userId,
    untilMs: Type.Integer({
      minimum: 0,
      maximum: muteUntilMsMax,
      description: 'ms since the epoch; 0 or past: he is not muted any more.',
    }),
  },
  strict,
)

/** The schema of each, by its op. */
export const groupSchemas = {
  'group.change': change,
  'group.invite': invite,
  'group.approve': aboutUser('group.approve'),
  'group.refuse': aboutUser('group.refuse'),
  'group.kick': aboutUser('group.kick'),
  'group.ban': aboutUser('group.ban'),
  'group.unban': aboutUser('group.unban'),
  'group.mute': mute,
  'group.role': Type.Object({ ...inGroup('group.role'), user: userId, role }, strict),
  'group.transfer': aboutUser('group.transfer'),
  'group.close': Type.Object(inGroup('group.close'), strict),
} as const

export type GroupFrame = Static<(typeof groupSchemas)[keyof typeof groupSchemas]>

/** Why a frame that is well made is too large; undefined: it is not. */
export const groupExcess = (frame: GroupFrame): string | undefined =>
  frame.op === 'group.invite' && frame.users.length > groupInviteUsersMax
    ? `at most ${groupInviteUsersMax} users are invited at once`
    : undefined
