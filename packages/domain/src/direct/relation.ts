import type {
  AcceptFriend,
  BlockUser,
  DeclineFriend,
  FriendAccepted,
  FriendDeclined,
  FriendRemoved,
  FriendRequested,
  FriendWithdrawn,
  RemoveFriend,
  RequestFriend,
  UnblockUser,
  UserBlocked,
  UserUnblocked,
  WithdrawFriendRequest,
} from '@chat/schemas'

/** What two have to do with each other beside their messages: friendship and blocks. */
export type RelationCommand =
  | AcceptFriend
  | BlockUser
  | DeclineFriend
  | RemoveFriend
  | RequestFriend
  | UnblockUser
  | WithdrawFriendRequest

export type RelationEvent =
  | FriendAccepted
  | FriendDeclined
  | FriendRemoved
  | FriendRequested
  | FriendWithdrawn
  | UserBlocked
  | UserUnblocked

const relationCommands: Readonly<Record<RelationCommand['type'], true>> = {
  AcceptFriend: true,
  BlockUser: true,
  DeclineFriend: true,
  RemoveFriend: true,
  RequestFriend: true,
  UnblockUser: true,
  WithdrawFriendRequest: true,
}

const relationEvents: Readonly<Record<RelationEvent['type'], true>> = {
  FriendAccepted: true,
  FriendDeclined: true,
  FriendRemoved: true,
  FriendRequested: true,
  FriendWithdrawn: true,
  UserBlocked: true,
  UserUnblocked: true,
}

export const isRelationEvent = (event: { readonly type: string }): event is RelationEvent =>
  Object.hasOwn(relationEvents, event.type)

export const isRelationCommand = (command: { readonly type: string }): command is RelationCommand =>
  Object.hasOwn(relationCommands, command.type)
