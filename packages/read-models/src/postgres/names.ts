import { liveSchema } from './migrate.ts'

/** The live tables. */
export const read = {
  offsets: `${liveSchema}.projection_offsets`,
  generation: `${liveSchema}.generation`,
  users: `${liveSchema}.users`,
  conversations: `${liveSchema}.conversations`,
  memberships: `${liveSchema}.memberships`,
  standings: `${liveSchema}.standings`,
  events: `${liveSchema}.events_read`,
  messageStates: `${liveSchema}.message_states`,
  reactions: `${liveSchema}.reactions`,
  reports: `${liveSchema}.reports`,
  resolutions: `${liveSchema}.report_resolutions`,
  aliases: `${liveSchema}.dialect_ids`,
  words: `${liveSchema}.words_by_hour`,
  receipts: `${liveSchema}.receipts`,
  parked: `${liveSchema}.parked`,
}
