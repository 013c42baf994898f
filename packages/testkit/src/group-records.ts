import type {
  ApproveJoin,
  BanMember,
  ChangeGroup,
  ChangeRole,
  CloseGroup,
  GroupChanged,
  GroupClosed,
  InviteMembers,
  JoinRefused,
  JoinRequested,
  MemberBanned,
  MemberInvited,
  MemberMuted,
  MemberRemoved,
  MemberUnbanned,
  MuteMember,
  RefuseJoin,
  RemoveMember,
  RoleChanged,
  TransferGroup,
  UnbanMember,
} from '@chat/schemas'
import {
  type CommandOptions,
  common,
  device,
  type GivenCommand,
  lying,
  nextMessageId,
  type Options,
  reply,
} from './given.ts'

/** Commands of who runs a group, and what they come to. */

const sent = (actor: number, conversation: string) => ({
  conversation,
  actor,
  device,
  clientMsgId: nextMessageId(),
  ...reply,
})

type Settings = Partial<Pick<ChangeGroup, 'title' | 'description' | 'joinPolicy' | 'history' | 'posting'>>
const asItIs = { title: null, description: null, keyId: null, joinPolicy: null, history: null, posting: null }

export const changeGroup = (actor: number, conversation: string, settings: Settings): GivenCommand =>
  lying<ChangeGroup>({ type: 'ChangeGroup', ...sent(actor, conversation), ...asItIs }, settings)

export const closeGroup = (actor: number, conversation: string): GivenCommand =>
  lying<CloseGroup>({ type: 'CloseGroup', ...sent(actor, conversation) }, {})

export const inviteMembers = (
  actor: number,
  conversation: string,
  users: readonly number[],
  options: CommandOptions<InviteMembers> = {},
): GivenCommand =>
  lying<InviteMembers>({ type: 'InviteMembers', ...sent(actor, conversation), users, unknown: [] }, options)

export const approveJoin = (actor: number, conversation: string, user: number): GivenCommand =>
  lying<ApproveJoin>({ type: 'ApproveJoin', ...sent(actor, conversation), user }, {})

export const refuseJoin = (actor: number, conversation: string, user: number): GivenCommand =>
  lying<RefuseJoin>({ type: 'RefuseJoin', ...sent(actor, conversation), user }, {})

export const removeMember = (actor: number, conversation: string, user: number): GivenCommand =>
  lying<RemoveMember>({ type: 'RemoveMember', ...sent(actor, conversation), user }, {})

export const banMember = (
  actor: number,
  conversation: string,
  user: number,
  options: CommandOptions<BanMember> = {},
): GivenCommand => lying<BanMember>({ type: 'BanMember', ...sent(actor, conversation), user, isKnown: true }, options)

export const unbanMember = (actor: number, conversation: string, user: number): GivenCommand =>
  lying<UnbanMember>({ type: 'UnbanMember', ...sent(actor, conversation), user }, {})

export const muteMember = (actor: number, conversation: string, user: number, untilMs: number): GivenCommand =>
  lying<MuteMember>({ type: 'MuteMember', ...sent(actor, conversation), user, untilMs }, {})

export const changeRole = (actor: number, conversation: string, user: number, role: string): GivenCommand =>
  lying<ChangeRole>({ type: 'ChangeRole', ...sent(actor, conversation), user, role }, {})

export const transferGroup = (
  actor: number,
  conversation: string,
  user: number,
  options: CommandOptions<TransferGroup> = {},
): GivenCommand => lying<TransferGroup>({ type: 'TransferGroup', ...sent(actor, conversation), user }, options)

const happened = (actor: number, conversation: string, seq: number) => ({ ...common(), conversation, seq, actor })

export const groupChanged = (
  actor: number,
  conversation: string,
  seq: number,
  settings: Options<GroupChanged>,
): GroupChanged => ({ type: 'GroupChanged', ...happened(actor, conversation, seq), ...asItIs, ...settings })

export const groupClosed = (actor: number, conversation: string, seq: number): GroupClosed => ({
  type: 'GroupClosed',
  ...happened(actor, conversation, seq),
})

export const memberInvited = (
  actor: number,
  conversation: string,
  seq: number,
  user: number,
  options: Options<MemberInvited> = {},
): MemberInvited => ({ type: 'MemberInvited', ...happened(actor, conversation, seq), user, ...options })

export const joinRequested = (user: number, conversation: string, seq: number): JoinRequested => ({
  type: 'JoinRequested',
  ...happened(user, conversation, seq),
  user,
})

export const joinRefused = (actor: number, conversation: string, seq: number, user: number): JoinRefused => ({
  type: 'JoinRefused',
  ...happened(actor, conversation, seq),
  user,
})

export const memberRemoved = (actor: number, conversation: string, seq: number, user: number): MemberRemoved => ({
  type: 'MemberRemoved',
  ...happened(actor, conversation, seq),
  user,
})

export const memberBanned = (actor: number, conversation: string, seq: number, user: number): MemberBanned => ({
  type: 'MemberBanned',
  ...happened(actor, conversation, seq),
  user,
})

export const memberUnbanned = (actor: number, conversation: string, seq: number, user: number): MemberUnbanned => ({
  type: 'MemberUnbanned',
  ...happened(actor, conversation, seq),
  user,
})

export const memberMuted = (
  actor: number,
  conversation: string,
  seq: number,
  user: number,
  untilMs: number,
): MemberMuted => ({ type: 'MemberMuted', ...happened(actor, conversation, seq), user, untilMs })

export const roleChanged = (
  actor: number,
  conversation: string,
  seq: number,
  user: number,
  role: string,
): RoleChanged => ({ type: 'RoleChanged', ...happened(actor, conversation, seq), user, role })
