export { currentCommit } from './current-commit.ts'
export {
  type Acknowledged,
  createDevice,
  type Device,
  type DeviceObserver,
  type DeviceOptions,
  type ShownEvent,
} from './device.ts'
export { createFakeClock, type FakeClock } from './fake-clock.ts'
export {
  createFaultProxy,
  type Direction,
  type FaultProxy,
  type FaultProxyOptions,
  type Reach,
} from './fault-proxy.ts'
export { forEachOf } from './for-each-of.ts'
export {
  at,
  blockEvent,
  bodyOf,
  createGroup,
  device,
  friendEvent,
  type GivenCommand,
  given,
  givenWith,
  groupCreated,
  joinGroup,
  leaveGroup,
  memberJoined,
  memberLeft,
  messageId,
  messagePosted,
  otherDevice,
  postMessage,
  registerUser,
  relationCommand,
  stored,
  testWire,
  userRegistered,
} from './given.ts'
export {
  broadcastNotice,
  changeProfile,
  grantOperator,
  groupImported,
  importGroup,
  importUser,
  noticeBroadcast,
  operatorGranted,
  operatorRevoked,
  profileChanged,
  reinstateUser,
  revokeOperator,
  suspendUser,
  userImported,
  userReinstated,
  userSuspended,
} from './given-accounts.ts'
export {
  addReaction,
  deleteMessage,
  editMessage,
  messageDeleted,
  messageEdited,
  messagePinned,
  messageReported,
  pinMessage,
  reactionAdded,
  removeMessage,
  removeReaction,
  reportMessage,
  reportResolved,
  resolveReport,
  unpinMessage,
} from './given-acts.ts'
export { closeRoom, createRoom, roomCreated } from './given-rooms.ts'
export {
  approveJoin,
  banMember,
  changeGroup,
  changeRole,
  closeGroup,
  groupChanged,
  groupClosed,
  inviteMembers,
  joinRefused,
  joinRequested,
  memberBanned,
  memberInvited,
  memberMuted,
  memberRemoved,
  memberUnbanned,
  muteMember,
  refuseJoin,
  removeMember,
  roleChanged,
  transferGroup,
  unbanMember,
} from './group-records.ts'
export { givenCommands, givenGroupCommands } from './histories.ts'
export { type Account, type Frame, getJson, logIn, postJson, RequestError, registerAccount } from './http.ts'
export { connectLoadSockets, type LoadSocket } from './load-sockets.ts'
export { noise, nonsenseRecord, nonsenseRecords } from './nonsense.ts'
export {
  createOpenLoad,
  goodputOf,
  type LoadPhase,
  type LoadVerdict,
  type OpenLoad,
  offerUpToPeak,
} from './open-load.ts'
export { createSeededRandom, testSeeds } from './seeded-random.ts'
export { createTestWorld, type TestStack, type TestWorld, testStack } from './test-stack.ts'
export { type WaitOptions, waitUntil } from './wait-until.ts'
export type { WireCounts } from './wire-counts.ts'
