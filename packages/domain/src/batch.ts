import type { Command, CommandsRebased, LogEvent, LogOpened, Rejection } from '@chat/schemas'
import { decideCommand, stampEvent } from './decide-command.ts'
import { type Happening, invariant, type Rejected, type Repeated, rejected } from './decision.ts'
import { reachOf } from './large-groups.ts'
import { type Layer, layerOver } from './layer.ts'
import {
  applyToTables,
  findConversation,
  type Head,
  headAfter,
  isOfConversation,
  type PartitionState,
  rememberRefusal,
  restIdleWindows,
  type StoredEvent,
  type Wire,
} from './partition.ts'
import type { Policy } from './policy.ts'
import { rejectionOf } from './refusal.ts'
import { type AddressedReply, acceptedReply, rejectedReply, repeatedReply } from './reply.ts'
import { type Audience, audienceOf, type Deliverable, nobody } from './route.ts'

/** A command on the log: its offset and LogAppendTime, and what it says, or why that cannot be read. */
export type StoredCommand = ReadableCommand | UnreadableCommand
interface ReadableCommand {
  readonly cmd: number
  readonly atMs: number
  readonly command: Command
}
interface UnreadableCommand {
  readonly cmd: number
  readonly atMs: number
  readonly undecodable: string
}

export interface DraftLimits {
  /** Events of one append. */
  readonly eventsMax: number
  /** Values and headers of one append, bytes. */
  readonly bytesMax: number
  /** A command whose LogAppendTime lies further behind broker time is refused, ms. */
  readonly commandAgeMaxMs: number
  /** Commands that may be done with although no event says so. */
  readonly unmarkedCommandsMax: number
}

/**
 * Half of the bytes that a broker takes by default; its clients group records quadratically above some thousand. A thousand unmarked
 * commands are at most some 20 MiB: less than the embedded log may keep of a partition, and little to decide again after a restart.
 */
export const draftLimits: DraftLimits = {
  eventsMax: 1000,
  bytesMax: 512 * 1024,
  commandAgeMaxMs: 10 * 60 * 1000,
  unmarkedCommandsMax: 1000,
}

export interface BatchContext {
  readonly wire: Wire
  readonly policy: Policy
  readonly limits: DraftLimits
  readonly brokerTimeMs: number
}

export interface DraftEvent extends StoredEvent, Deliverable {
  readonly event: LogEvent
}

/** A command whose record belongs into the dead letters. */
export interface DeadCommand {
  readonly cmd: number
  readonly reason: 'undecodable' | 'internal'
  readonly detail: string
}

/** What a batch of commands comes to, if its events get the positions they are stamped with. */
export interface Draft {
  readonly events: readonly DraftEvent[]
  readonly replies: readonly AddressedReply[]
  readonly deadCommands: readonly DeadCommand[]
  readonly rejections: readonly Rejection[]
  /** How many of the commands it covers, from the first; the others wait for the next draft. */
  readonly taken: number
  readonly base: Head
  readonly head: Head
  readonly layer: Layer
}

/**
 * Decides commands in order, each against what the ones before it came to; the state stays as it is. The refusals stand in one event
 * at the end, whose `cmd` is the last of them, so that a restart resumes behind all: a refusal that only its sender knew could be
 * contradicted by the partition's next owner. [G8] [G11] Repeats leave nothing on the log; when too many commands are done with and no
 * event says so, that event is written with the last command's `cmd`, without refusals if there are none: else whoever only repeats
 * would keep the embedded log from ever forgetting a command.
 */
export const decideBatch = (
  commands: readonly StoredCommand[],
  state: PartitionState,
  context: BatchContext,
): Draft => {
  const draft = openDraft(state)
  for (const stored of commands) {
    const attempt = attemptCommand(stored, draft, state, context)
    if (!hasRoom(draft, attempt, context.limits)) break
    keep(draft, stored, attempt)
  }
  return closeDraft(draft, state, context.wire, context.limits)
}

/** What the first owner of an empty partition appends before anything else. */
export const openLog = (state: PartitionState, event: LogOpened, wire: Wire): Draft => {
  invariant(state.head.lastPos === -1, 'a log is opened once')
  return causeless(state, event, wire)
}

/** What a person appends where the end of the commands was lost: they are decided from `next` on, which may lie before what was decided. */
export const rebaseCommands = (state: PartitionState, event: CommandsRebased, wire: Wire): Draft => {
  invariant(state.head.lastPos !== -1, 'a log is opened first')
  return causeless(state, event, wire)
}

const causeless = (state: PartitionState, event: LogEvent, wire: Wire): Draft => {
  const draft = openDraft(state)
  append(draft, seal(event, causedByNone, draft.head, nobody, wire), state)
  return closeDraft(draft, state, wire, draftLimits)
}

/** `cmd` of an event that no command caused. */
const causedByNone = -1

/** The events of the draft are on the log at their positions: its layer becomes the state. */
export const commit = (state: PartitionState, draft: Draft): void => {
  invariant(draft.base === state.head, 'a draft is committed to the state it was decided against')
  draft.layer.mergeInto(state.tables)
  state.head = draft.head
  restIdleWindows(state, draft.base)
}

interface OpenDraft {
  readonly base: Head
  readonly layer: Layer
  readonly events: DraftEvent[]
  readonly replies: AddressedReply[]
  readonly deadCommands: DeadCommand[]
  readonly rejections: Rejection[]
  head: Head
  bytes: number
  taken: number
  /** Of the last command that was taken. */
  takenCmd: number
  /** The greatest LogAppendTime of the commands taken, and of those refused. */
  takenAtMs: number
  rejectedAtMs: number
}

/** What a record costs besides its value, and a refusal within its event; estimates, bytes. */
const headersBytes = 160
const rejectionBytes = 144

const openDraft = (state: PartitionState): OpenDraft => ({
  base: state.head,
  layer: layerOver(state.tables),
  events: [],
  replies: [],
  deadCommands: [],
  rejections: [],
  head: state.head,
  bytes: headersBytes, // of the event that lists the refusals
  taken: 0,
  takenCmd: causedByNone,
  takenAtMs: 0,
  rejectedAtMs: 0,
})

const closeDraft = (draft: OpenDraft, state: PartitionState, wire: Wire, limits: DraftLimits): Draft => {
  const cmd = closingCmd(draft, limits)
  if (cmd !== undefined) {
    const at = draft.rejections.length === 0 ? draft.takenAtMs : draft.rejectedAtMs
    const event: LogEvent = { type: 'CommandsRejected', at, rejections: draft.rejections }
    append(draft, seal(event, cmd, draft.head, nobody, wire), state)
  }
  const { events, replies, deadCommands, rejections, taken, base, head, layer } = draft
  return { events, replies, deadCommands, rejections, taken, base, head, layer }
}

/** The `cmd` of the event at the end; undefined: none is needed. */
const closingCmd = ({ rejections, head, takenCmd }: OpenDraft, limits: DraftLimits): number | undefined => {
  const refused = rejections.at(-1)?.cmd
  const resume = Math.max(head.resume, (refused ?? causedByNone) + 1)
  return takenCmd + 1 - resume >= limits.unmarkedCommandsMax ? takenCmd : refused
}

type Attempt =
  | { readonly outcome: 'accepted'; readonly events: readonly DraftEvent[]; readonly head: Head; readonly layer: Layer }
  | Repeated
  | (Rejected & { readonly dead?: DeadCommand })

/** Whatever throws while a command is decided or its events are tried costs that command only. */
const attemptCommand = (
  stored: StoredCommand,
  draft: OpenDraft,
  state: PartitionState,
  context: BatchContext,
): Attempt => {
  const { cmd } = stored
  if ('undecodable' in stored)
    return { ...rejected('invalid'), dead: { cmd, reason: 'undecodable', detail: stored.undecodable } }
  try {
    const view = {
      tables: draft.layer,
      head: draft.head,
      wire: context.wire,
      policy: context.policy,
      atMs: stored.atMs,
    }
    const isTooOld = context.brokerTimeMs - stored.atMs > context.limits.commandAgeMaxMs
    const decision = decideCommand(stored.command, view, isTooOld)
    if (decision.outcome !== 'accepted') return decision
    const attempt = tryEvents(decision.happenings, stored, draft, state, context.wire)
    return fitsAlone(attempt.events, context.limits) ? attempt : rejected('too_large')
  } catch (error) {
    return { ...rejected('internal'), dead: { cmd, reason: 'internal', detail: String(error) } }
  }
}

/** Evolves on a layer of its own: what throws half way leaves the draft as it was. */
const tryEvents = (
  happenings: readonly Happening[],
  { cmd, atMs, command }: ReadableCommand,
  draft: OpenDraft,
  state: PartitionState,
  wire: Wire,
) => {
  const layer = layerOver(draft.layer) // [G11]
  const events: DraftEvent[] = []
  let { head } = draft
  for (const happening of happenings) {
    const event = stampEvent(happening, command, atMs, { tables: layer, wire })
    const before = conversationOf(event, layer, wire)
    applyToTables(layer, head, { event, pos: head.nextPos }, wire)
    const after = conversationOf(event, layer, wire)
    const sealed = { ...seal(event, cmd, head, audienceOf(event, before, after), wire), reach: reachOf(event, after) }
    head = headAfter(head, sealed, state)
    events.push(sealed)
  }
  return { outcome: 'accepted', events, head, layer } as const
}

const conversationOf = (event: LogEvent, layer: Layer, wire: Wire) =>
  isOfConversation(event) ? findConversation(layer, event.conversation, wire) : undefined

/** The record of an event: its position, and its link to everything before it. */
const seal = (event: LogEvent, cmd: number, head: Head, audience: Audience, wire: Wire): DraftEvent => {
  const { schema, value } = wire.encode(event)
  const pos = head.nextPos
  const chain = wire.chainOf(head.chain, { pos, type: event.type, cmd, value })
  return { pos, cmd, type: event.type, schema, value, chain, event, audience }
}

const append = (draft: OpenDraft, sealed: DraftEvent, state: PartitionState): void => {
  draft.events.push(sealed)
  draft.head = headAfter(draft.head, sealed, state)
}

const bytesOf = (events: readonly DraftEvent[]): number =>
  events.reduce((sum, { value }) => sum + value.length + headersBytes, 0)

/** One place and its headers are kept for the event that lists the refusals. */
const fitsAlone = (events: readonly DraftEvent[], { eventsMax, bytesMax }: DraftLimits): boolean =>
  events.length < eventsMax && bytesOf(events) + headersBytes <= bytesMax

/** A command's events are never split: what does not fit waits for the next draft. */
const hasRoom = (draft: OpenDraft, attempt: Attempt, { eventsMax, bytesMax }: DraftLimits): boolean => {
  switch (attempt.outcome) {
    case 'accepted':
      return (
        draft.events.length + attempt.events.length < eventsMax && draft.bytes + bytesOf(attempt.events) <= bytesMax
      )
    case 'rejected':
      return draft.bytes + rejectionBytes <= bytesMax
    default:
      return true
  }
}

const keep = (draft: OpenDraft, stored: StoredCommand, attempt: Attempt): void => {
  draft.taken++
  draft.takenCmd = stored.cmd
  draft.takenAtMs = Math.max(draft.takenAtMs, stored.atMs)
  const command = 'command' in stored ? stored.command : undefined
  switch (attempt.outcome) {
    case 'accepted':
      attempt.layer.mergeInto(draft.layer)
      draft.head = attempt.head
      draft.bytes += bytesOf(attempt.events)
      draft.events.push(...attempt.events)
      if (command !== undefined) draft.replies.push(acceptedReply(command, attempt.events))
      return
    case 'repeated':
      if (command !== undefined) draft.replies.push(repeatedReply(command, attempt))
      return
    case 'rejected': {
      const rejection = rejectionOf(stored.cmd, attempt.code, command)
      draft.bytes += rejectionBytes
      draft.rejectedAtMs = Math.max(draft.rejectedAtMs, stored.atMs)
      draft.rejections.push(rejection) // [G11]
      rememberRefusal(draft.layer, rejection) // [G11]
      if (attempt.dead !== undefined) draft.deadCommands.push(attempt.dead)
      if (command !== undefined) draft.replies.push(rejectedReply(command, attempt.code))
    }
  }
}
