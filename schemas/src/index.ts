export { chainOf, chainStart, type EventHeaders } from './chain.ts'
export { type ClientEvent, toClientEvent } from './client-event.ts'
export {
  type AnyRecord,
  createEncoder,
  type Decoded,
  decodeCommand,
  decodeDeadLetter,
  decodeDelivery,
  decodeEvent,
  decodeReceipt,
  decodeSignal,
  decodeSnapshot,
  type Encoded,
  type Encoder,
  type SchemaIds,
  type SchemaName,
  wirePrefixBytes,
} from './codec.ts'
export type {
  Command,
  CreateGroup,
  JoinGroup,
  LeaveGroup,
  PostMessage,
  RegisterUser,
} from './generated/command-types.ts'
export { localSchemaIds, schemas } from './generated/schemas.ts'
export type {
  AccountEntry,
  DirectEntry,
  GroupEntry,
  GroupNameEntry,
  HaltedEntry,
  MemberEntry,
  RefusalEntry,
  SnapshotBegun,
  SnapshotEnded,
  SnapshotPart,
  SnapshotRecord,
  WindowEntry,
} from './generated/snapshot-types.ts'
export type {
  CommandsRejected,
  DeadLetter,
  Delivery,
  EventDelivery,
  GroupCreated,
  Kick,
  LogEvent,
  LogOpened,
  MemberJoined,
  MemberLeft,
  MessagePosted,
  PresenceAway,
  ReceiptAdvanced,
  ReceiptHint,
  RefusedCommand,
  Rejection,
  Reply,
  Signal,
  SlotDelivery,
  SlotHints,
  Typing,
  TypingHint,
  UserRegistered,
} from './generated/types.ts'
export {
  type ConversationId,
  directConversation,
  groupConversation,
  idMax,
  idOf,
  parseConversation,
  partitionOfConversation,
  partitionOfId,
} from './ids.ts'
export { murmur2, partitionOf } from './murmur2.ts'
export { decodePosition, encodePosition } from './position.ts'
export { allTopics, createTopics, type Topic, type TopicKind, type Topics, type World } from './topics.ts'
