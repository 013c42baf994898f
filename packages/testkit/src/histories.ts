import type { Command } from '@chat/schemas'
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
import {
  broadcastNotice,
  changeProfile,
  grantOperator,
  importGroup,
  importUser,
  reinstateUser,
  revokeOperator,
  suspendUser,
} from './given-accounts.ts'
import {
  addReaction,
  deleteMessage,
  editMessage,
  pinMessage,
  removeMessage,
  removeReaction,
  reportMessage,
  resolveReport,
  unpinMessage,
} from './given-acts.ts'
import { closeRoom, createRoom } from './given-rooms.ts'
import {
  approveJoin,
  banMember,
  changeGroup,
  changeRole,
  closeGroup,
  inviteMembers,
  muteMember,
  refuseJoin,
  removeMember,
  transferGroup,
  unbanMember,
} from './group-records.ts'

type Options = Pick<Command, 'clientMsgId'> & { readonly atMs: number }

/** Everything that is done to a group and in it, by four users. */
export const givenGroupCommands = (
  groups: readonly string[],
  options: fc.Arbitrary<Partial<Options>> = fc.constant({}),
): fc.Arbitrary<GivenCommand> => {
  const user = fc.constantFrom(1, 2, 3, 4)
  const group = fc.constantFrom(...groups)
  const of = (make: (actor: number, conversation: string, user: number) => fc.Arbitrary<GivenCommand> | GivenCommand) =>
    fc.tuple(user, group, user).chain(([actor, conversation, other]) => {
      const made = make(actor, conversation, other)
      return 'command' in made ? fc.constant(made) : made
    })
  const settings = fc.record({
    joinPolicy: fc.option(fc.constantFrom('open', 'request', 'invite')),
    posting: fc.option(fc.constantFrom('all', 'admins')),
    history: fc.option(fc.constantFrom('all', 'sinceJoin')),
  })
  const all = fc.oneof(
    of((actor, c) => joinGroup(actor, c)),
    of((actor, c) => leaveGroup(actor, c)),
    of((actor, c) => settings.map((s) => changeGroup(actor, c, s))),
    of((actor, c) => fc.subarray([1, 2, 3, 4]).map((users) => inviteMembers(actor, c, users))),
    of(approveJoin),
    of(refuseJoin),
    of(removeMember),
    of(banMember),
    of(unbanMember),
    of((actor, c, other) => fc.nat(2000).map((s) => muteMember(actor, c, other, at(s)))),
    of((actor, c, other) => fc.constantFrom('owner', 'admin', 'member').map((r) => changeRole(actor, c, other, r))),
    of(transferGroup),
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.nat(9),
          of(closeGroup),
          of((actor, c) => postMessage(actor, c)),
        )
        .map(([n, close, post]) => (n === 0 ? close : post)),
    },
  )
  return fc.tuple(all, options).map(([{ command, atMs }, { clientMsgId, atMs: given }]) => ({
    command: clientMsgId === undefined ? command : { ...command, clientMsgId },
    atMs: given ?? atMs,
  }))
}

const onAccount = (
  actor: number,
  subject: number,
  name: string,
  kind: number,
  options: { readonly clientMsgId: string; readonly atMs: number },
): GivenCommand => {
  switch (kind) {
    case 0:
      return changeProfile(actor, options)
    case 1:
      return suspendUser(actor, subject, options)
    case 2:
      return reinstateUser(actor, subject, options)
    case 3:
      return grantOperator(name, options)
    case 4:
      return revokeOperator(name, options)
    case 5:
      return importUser(name, subject, options)
    default:
      return broadcastNotice(actor, options)
  }
}

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
  const changes = [editMessage, deleteMessage, addReaction, removeReaction, pinMessage, unpinMessage]
  const acts = [...changes, reportMessage, removeMessage]
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
    fc
      .tuple(user, user, fc.constantFrom('ann', 'bob', 'eve'), fc.nat(6), options)
      .map(([actor, subject, name, kind, o]) => onAccount(actor, subject, name, kind, o)),
    fc.tuple(user, fc.constantFrom('tea', 'hall'), options).map(([actor, name, o]) => createRoom(actor, name, o)),
    fc.tuple(user, conversation, options).map(([actor, c, o]) => closeRoom(actor, c, o)),
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
    fc
      .tuple(user, conversation, fc.nat(6), user, options)
      .map(([actor, c, message, by, o]) => resolveReport(actor, c, { message, user: by, report: message }, o)),
    fc.tuple(conversation, fc.nat(3), options).map(([c, oldId, o]) => importGroup(c, oldId, o)),
    { weight: 4, arbitrary: givenGroupCommands(['g4', 'g5', 'g6'], options) },
  )
}
