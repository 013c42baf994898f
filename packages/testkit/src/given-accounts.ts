import type {
  BroadcastNotice,
  ChangeProfile,
  GrantOperator,
  GroupImported,
  ImportGroup,
  ImportUser,
  NoticeBroadcast,
  OperatorGranted,
  OperatorRevoked,
  ProfileChanged,
  ReinstateUser,
  RevokeOperator,
  SuspendUser,
  UserImported,
  UserReinstated,
  UserSuspended,
} from '@chat/schemas'
import {
  at,
  type CommandOptions,
  device,
  type GivenCommand,
  lying,
  nextMessageId,
  type Options,
  reply,
} from './given.ts'

/** What is asked of accounts and what happened to them, to be told to `given` and `when`. */
const noDevice = '00000000-0000-0000-0000-000000000000'
const why: Uint8Array = Buffer.from('spam')

export const changeProfile = (actor: number, options: CommandOptions<ChangeProfile> = {}): GivenCommand =>
  lying<ChangeProfile>(
    {
      type: 'ChangeProfile',
      actor,
      device,
      clientMsgId: nextMessageId(),
      displayName: null,
      about: null,
      keyId: null,
      ...reply,
    },
    options,
  )

export const suspendUser = (actor: number, user: number, options: CommandOptions<SuspendUser> = {}): GivenCommand =>
  lying<SuspendUser>(
    { type: 'SuspendUser', user, actor, device, clientMsgId: nextMessageId(), reason: why, keyId: null, ...reply },
    options,
  )

export const reinstateUser = (actor: number, user: number, options: CommandOptions<ReinstateUser> = {}): GivenCommand =>
  lying<ReinstateUser>(
    { type: 'ReinstateUser', user, actor, device, clientMsgId: nextMessageId(), reason: why, keyId: null, ...reply },
    options,
  )

const onMachine = (name: string) =>
  ({
    normalisedName: name.toLowerCase(),
    actor: 0,
    by: 'root@here',
    device: noDevice,
    clientMsgId: nextMessageId(),
    ...reply,
  }) as const

export const grantOperator = (name: string, options: CommandOptions<GrantOperator> = {}): GivenCommand =>
  lying<GrantOperator>({ type: 'GrantOperator', ...onMachine(name) }, options)

export const revokeOperator = (name: string, options: CommandOptions<RevokeOperator> = {}): GivenCommand =>
  lying<RevokeOperator>({ type: 'RevokeOperator', ...onMachine(name) }, options)

export const importUser = (name: string, oldId: number, options: CommandOptions<ImportUser> = {}): GivenCommand =>
  lying<ImportUser>({ type: 'ImportUser', ...onMachine(name), dialect: 'json-to', oldId }, options)

export const importGroup = (
  conversation: string,
  oldId: number,
  options: CommandOptions<ImportGroup> = {},
): GivenCommand => {
  const { normalisedName: _none, ...machine } = onMachine('')
  return lying<ImportGroup>({ type: 'ImportGroup', conversation, ...machine, dialect: 'json-to', oldId }, options)
}

export const broadcastNotice = (actor: number, options: CommandOptions<BroadcastNotice> = {}): GivenCommand =>
  lying<BroadcastNotice>(
    {
      type: 'BroadcastNotice',
      actor,
      device,
      clientMsgId: nextMessageId(),
      text: Buffer.from('back at nine'),
      keyId: null,
      ...reply,
    },
    options,
  )

const common = () => ({ device, clientMsgId: nextMessageId(), at: at(0) })

export const profileChanged = (userId: number, options: Options<ProfileChanged> = {}): ProfileChanged => ({
  type: 'ProfileChanged',
  ...common(),
  userId,
  actor: userId,
  displayName: null,
  about: null,
  keyId: null,
  ...options,
})

export const userSuspended = (actor: number, userId: number, options: Options<UserSuspended> = {}): UserSuspended => ({
  type: 'UserSuspended',
  ...common(),
  userId,
  actor,
  reason: why,
  keyId: null,
  ...options,
})

export const userReinstated = (
  actor: number,
  userId: number,
  options: Options<UserReinstated> = {},
): UserReinstated => ({ type: 'UserReinstated', ...common(), userId, actor, reason: why, keyId: null, ...options })

export const operatorGranted = (userId: number, options: Options<OperatorGranted> = {}): OperatorGranted => ({
  type: 'OperatorGranted',
  ...common(),
  userId,
  actor: 0,
  device: noDevice,
  by: 'root@here',
  ...options,
})

export const operatorRevoked = (userId: number, options: Options<OperatorRevoked> = {}): OperatorRevoked => ({
  ...operatorGranted(userId),
  ...options,
  type: 'OperatorRevoked',
})

export const noticeBroadcast = (actor: number, options: Options<NoticeBroadcast> = {}): NoticeBroadcast => ({
  type: 'NoticeBroadcast',
  ...common(),
  actor,
  text: Buffer.from('back at nine'),
  keyId: null,
  ...options,
})

const importedBy = () => ({ ...common(), actor: 0, device: noDevice, by: 'root@here', dialect: 'json-to' })

export const userImported = (userId: number, oldId: number, options: Options<UserImported> = {}): UserImported => ({
  ...{ type: 'UserImported', ...importedBy(), userId, oldId },
  ...options,
})

export const groupImported = (
  conversation: string,
  oldId: number,
  options: Options<GroupImported> = {},
): GroupImported => ({ ...{ type: 'GroupImported', ...importedBy(), conversation, seq: null, oldId }, ...options })
