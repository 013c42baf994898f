export type { Account } from './account/state.ts'
export {
  type BatchContext,
  commit,
  type DeadCommand,
  type Draft,
  type DraftEvent,
  type DraftLimits,
  decideBatch,
  draftLimits,
  openLog,
  rebaseCommands,
  type StoredCommand,
} from './batch.ts'
export type { Conversation } from './conversation.ts'
export type { RejectionCode, UserId } from './decision.ts'
export { domainHash } from './generated/domain-hash.ts'
export { groupMembersMax } from './group/state.ts'
export { type GroupReach, reachOf, type Way } from './large-groups.ts'
export { createMarks, type Marks } from './marks.ts'
export {
  type Applied,
  applyEvent,
  createPartitionState,
  type Head,
  headersOf,
  isOfConversation,
  type PartitionState,
  passInvalid,
  type StoredEvent,
  type Wire,
} from './partition.ts'
export { openPolicy, type Policy } from './policy.ts'
export { type AddressedReply, acceptedReply, rejectedReply } from './reply.ts'
export {
  type Audience,
  audienceNow,
  audienceOfAccount,
  broadcast,
  type Deliverable,
  everybody,
  groupsOf,
  hintAudience,
  type Location,
  route,
  type Sendable,
  type SlotShare,
  usersOf,
  type Whereabouts,
} from './route.ts'
export { type Dump, type DumpedHead, type DumpPart, dumpDelta, dumpFull, loadHead, loadPart } from './snapshot.ts'
