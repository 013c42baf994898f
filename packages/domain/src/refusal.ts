import type { Command, RefusedCommand, Rejection } from '@chat/schemas'
import type { RejectionCode } from './decision.ts'
import { accountKey, parseMessageId } from './window.ts'

/**
 * The newest refusals of a partition that are remembered; what was refused before them is decided anew. A command is on its way to the
 * log for seconds, and its repetition is refused meanwhile: so many come from one device, at the rate it may have, in two minutes. Some
 * 200 bytes each.
 */
export const refusalsMax = 4096
/** Conversation, device and id of whatever a connector sends are shorter, code units: what is kept of a refusal has a bound. */
const identityLengthMax = 128

/**
 * The refusals that a client takes for final and that another state would contradict. Of the others, some invite it to try again with the
 * same id, and some depend on nothing that changes.
 */
const lastingCodes = [
  'already_friends',
  'already_member',
  'banned',
  'blocked',
  'forbidden',
  'muted',
  'no_such_conversation',
  'no_such_message',
  'no_such_user',
  'not_found',
  'not_friend',
  'not_member',
  'suspended',
] as const
export type LastingCode = (typeof lastingCodes)[number]

const lasting: ReadonlySet<string> = new Set(lastingCodes)
export const isLasting = (code: string): code is LastingCode => lasting.has(code)

/** The refusal as it goes on the log. `command` is undefined where it cannot be read. */
export const rejectionOf = (cmd: number, code: RejectionCode, command: Command | undefined): Rejection => ({
  cmd,
  code,
  refused: command !== undefined && isLasting(code) ? refusedCommand(command) : null,
})

/** null: nothing tells its repetitions. A registration needs nothing: a name that is claimed stays claimed. */
const refusedCommand = (command: Command): RefusedCommand | null => {
  if (parseMessageId(command.clientMsgId) === undefined) return null
  const place = placeOf(command)
  if (place === undefined) return null
  const { actor, conversation } = place
  const { device, clientMsgId } = command
  const length = (conversation ?? '').length + device.length + clientMsgId.length
  return length <= identityLengthMax ? { conversation, actor, device, clientMsgId } : null
}

/** Who asked for it, and where its id would stand: a conversation, an account (`u<id>`), or null: creations. */
const placeOf = (command: Command): { readonly actor: number; readonly conversation: string | null } | undefined => {
  switch (command.type) {
    case 'RegisterUser':
    // Those of the machine know an account by its name only; none of their refusals lasts.
    case 'GrantOperator':
    case 'RevokeOperator':
    case 'ImportUser':
      return undefined
    case 'CreateGroup':
    case 'CreateRoom':
      return { actor: command.actor, conversation: null }
    case 'ChangeProfile':
    case 'BroadcastNotice':
      return { actor: command.actor, conversation: accountKey(command.actor) }
    case 'SuspendUser':
    case 'ReinstateUser':
      return { actor: command.actor, conversation: accountKey(command.user) }
    default:
      return command
  }
}

/**
 * `window`: the key of the window in which the id would stand if the command were accepted. Joined, because what a template makes keeps
 * its pieces alive in V8: 460 bytes a refusal instead of 170.
 */
export const refusalKey = (window: string, clientMsgId: string): string => [window, clientMsgId.toLowerCase()].join('|')
