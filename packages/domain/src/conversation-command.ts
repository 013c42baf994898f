import type {
  CloseRoom,
  Command,
  CreateGroup,
  CreateRoom,
  ImportGroup,
  LogEvent,
  RemoveMessage,
  ResolveReport,
} from '@chat/schemas'
import type { Aliases } from './alias.ts'
import type { RelationCommand, RelationEvent } from './direct/relation.ts'
import type { Deletions } from './message-acts.ts'
import type { Policy } from './policy.ts'

/** A command to a conversation that is there, and what may come of one. */
export type ConversationCommand = Extract<Command, { readonly conversation: string }>
export type ConversationEvent = Extract<LogEvent, { readonly conversation: string }>

/** One that begins a conversation. */
export type Creation = CreateGroup | CreateRoom

/** Those of people who take part: what an operator or the machine asks is decided without them. */
export type ParticipantCommand = Exclude<ConversationCommand, RemoveMessage | ResolveReport | CloseRoom | ImportGroup>

/** Those that a group knows. */
export type GroupCommand = Exclude<ParticipantCommand, RelationCommand>
export type GroupEvent = Exclude<ConversationEvent, RelationEvent>

/** What a conversation's decisions look at besides itself. */
export interface Circumstances extends Aliases {
  readonly deletions: Deletions
  readonly policy: Policy
  /** The command's time: its LogAppendTime, ms. */
  readonly atMs: number
}
