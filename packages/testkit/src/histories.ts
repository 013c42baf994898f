import fc from 'fast-check'
import {
  at,
  createGroup,
  type GivenCommand,
  joinGroup,
  leaveGroup,
  messageId,
  postMessage,
  registerUser,
  relationCommand,
} from './given.ts'
import { addReaction, deleteMessage, editMessage, pinMessage, removeReaction, unpinMessage } from './given-acts.ts'

const relations = [
  'AcceptFriend',
  'BlockUser',
  'DeclineFriend',
  'RemoveFriend',
  'RequestFriend',
  'UnblockUser',
  'WithdrawFriendRequest',
] as const

/** Commands of three users who repeat themselves, are late, answer to nothing and talk where they may not: for random histories. */
export const givenCommands = (): fc.Arbitrary<GivenCommand> => {
  const users = [1, 2, 3]
  const user = fc.constantFrom(...users)
  const conversation = fc.constantFrom('d1.2', 'd2.2', 'd1.3', 'g4', 'g5', 'g6', 'x')
  const options = fc.record({
    clientMsgId: fc.nat(25).map((n) => messageId(n)),
    atMs: fc.nat(1000).map(at),
  })
  const after = fc.option(fc.nat(25).map((n) => messageId(n)))
  const acts = [editMessage, deleteMessage, addReaction, removeReaction, pinMessage, unpinMessage]
  const author = fc.option(user)
  const asOf = fc.nat(50)
  const replyTo = fc.option(fc.integer({ min: -1, max: 6 }))
  return fc.oneof(
    fc.tuple(fc.constantFrom('ann', 'bob', 'eve'), options).map(([name, o]) => registerUser(name, o)),
    fc
      .tuple(user, fc.option(fc.constantFrom('tea', 'pie')), fc.subarray(users), options)
      .map(([actor, normalisedName, members, o]) => createGroup(actor, { ...o, normalisedName, members })),
    {
      weight: 4,
      arbitrary: fc
        .tuple(user, conversation, options, after, replyTo)
        .map(([actor, c, o, a, r]) => postMessage(actor, c, { ...o, after: a, replyTo: r })),
    },
    fc.tuple(user, conversation, options).map(([actor, c, o]) => joinGroup(actor, c, o)),
    fc.tuple(user, conversation, options).map(([actor, c, o]) => leaveGroup(actor, c, o)),
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom(...relations), user, conversation, options)
        .map(([type, actor, c, o]) => relationCommand(type, actor, c, o)),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom(...acts), user, conversation, fc.integer({ min: 0, max: 6 }), options, author, asOf)
        .map(([act, actor, c, message, o, a, seen]) => act(actor, c, message, { ...o, author: a, asOf: seen })),
    },
  )
}
