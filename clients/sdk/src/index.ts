export { ChatError } from './chat-error.ts'
export { type Client, type ClientEvents, type ClientOptions, type ConnectionState, createClient } from './client.ts'
export type { Conversation, Sent } from './conversation.ts'
export type { ClosedReason, OfflineReason } from './domain/connection.ts'
export type { ChatEvent, MessageBody, MessagePosted, OtherEvent, PlacelessEvent } from './domain/event.ts'
export type { DeletedMessage, LoggedMessage, Message, PendingMessage } from './domain/view.ts'
export type { Presence, Receipt, Typing } from './hints.ts'
export { createMessageIds, directConversation } from './ids.ts'
export { createFetchJson, systemClock, systemRandom } from './platform.ts'
export type {
  Clock,
  FetchJson,
  HttpRequest,
  OpenSocket,
  Ports,
  Random,
  Socket,
  SocketListener,
  Storage,
} from './ports.ts'
export type {
  ConversationSummary,
  FieldsOf,
  FoundMessage,
  Friend,
  FriendRequest,
  GroupSettings,
  Invitation,
  JoinRequest,
  Member,
  NewGroup,
  OkOf,
  Op,
  OwnSession,
  Page,
  Requests,
  User,
} from './requests.ts'
export type { Login, Registration } from './sessions.ts'
export { indexedDbStorage } from './storage/indexed-db.ts'
export { memoryStorage } from './storage/memory.ts'
