export { answerFields, okSchemaOf } from './answers/index.ts'
export { bodyExcess, type MessageBody } from './body.ts'
export { type CloseCode, closeCode, type ErrorCode, errorStatus, isErrorCode, type Retry, retryOf } from './codes.ts'
export { type ClientEventType, eventSchemas } from './events.ts'
export {
  type ConversationFrame,
  type ConversationsFrame,
  type DeliveredFrame,
  type GroupCreateFrame,
  type GroupJoinFrame,
  type GroupLeaveFrame,
  groupSettings,
  type HelloFrame,
  type HistoryFrame,
  type LogoutFrame,
  type MeFrame,
  type MembersFrame,
  type ParsedFrame,
  type PingFrame,
  parseFrame,
  parseRequest,
  type ReadFrame,
  type RequestFrame,
  type RequestOp,
  requestSchemas,
  type SendFrame,
  type SyncFrame,
  type UserFrame,
  type UsersFrame,
} from './frames.ts'
export {
  type LoginBody,
  loginSchema,
  parseLogin,
  parseRefresh,
  parseRegistration,
  type RefreshBody,
  type RegistrationBody,
  refreshSchema,
  registrationSchema,
} from './http.ts'
export { type HttpRead, httpReads } from './http-reads.ts'
export { type HttpRoute, httpRoutes } from './http-routes.ts'
export {
  accessTokenCharsMax,
  bodyBytesMax,
  clientMsgIdAheadMaxMs,
  customDataBytesMax,
  customDataDepthMax,
  descriptionCodePointsMax,
  displayNameCodePointsMax,
  frameBytesMax,
  groupCreateMembersMax,
  heartbeatMs,
  heartbeatTimeoutMs,
  helloTimeoutMs,
  historyEventsDefault,
  historyEventsMax,
  httpBodyBytesMax,
  nameCodePointsMax,
  pageItemsDefault,
  pageItemsMax,
  passwordCodePointsMax,
  passwordCodePointsMin,
  publishedLimits,
  readWaitMs,
  replyTimeoutMs,
  syncConversationsMax,
  syncEventsPerConversationMax,
  syncFirstEventsMax,
  syncKnownMax,
  syncPageBytesMax,
  syncTokenCharsMax,
  textCodePointsMax,
  titleCodePointsMax,
  unansweredWritesMax,
} from './limits.ts'
export { isAllowedDisplayName, isAllowedName, isAllowedTitle, normaliseName } from './names.ts'
export type { ParsedBody } from './problem.ts'
export {
  type ErrorFrame,
  type EventFrame,
  type NoticeFrame,
  type OkFrame,
  type ResyncFrame,
  type ServerFrame,
  serverSchemas,
} from './server-frames.ts'
export { isUuid, isUuidV7, uuidV7TimeMs } from './uuid.ts'
