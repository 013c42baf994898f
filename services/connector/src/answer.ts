import { AssertionError, isFault, type Logger } from '@chat/runtime'
import { encodePosition } from '@chat/schemas'
import { type ErrorCode, retryOf } from '@chat/schemas/protocol'
import type { Answer, CommandOutcome } from './ports.ts'

export const ok = (fields: Readonly<Record<string, unknown>>): Answer => ({ ok: fields })

export const refused = (
  error: ErrorCode,
  message: string = sentences[error] ?? error.replaceAll('_', ' '),
  retryAfterMs?: number,
): Answer => (retryAfterMs === undefined ? { error, message } : { error, message, retryAfterMs })

/** The answer on a path that is not there, and to whoever may not know that one is. */
export const nothingHere = { error: 'not_found', message: 'there is nothing here' } as const satisfies Answer

/** What people read where the code alone would puzzle them. */
const sentences: Readonly<Partial<Record<ErrorCode, string>>> = {
  not_found: 'there is nothing here that you may see',
  too_late: 'the time for it is over, or this clientMsgId is too old to be told apart from a repetition',
  out_of_order: 'the message named by `after` was not accepted',
  unavailable: 'not possible at the moment, try again',
  timeout: 'no answer in time; it may still have happened: send the same clientMsgId again',
  already_online: 'another device of this account is connected',
  internal: 'something went wrong on our side',
}

/** The answer to a write, from the router's reply. PROTOCOL §2, §4. */
export const answerOf = (outcome: CommandOutcome): Answer => {
  if (outcome.outcome === 'rejected') return refused(outcome.code)
  const { conversation, seq, partition, pos, at, id } = outcome
  return ok({
    ...(conversation === null ? {} : { conversation }),
    ...(id === null ? {} : { groupId: id }),
    ...(seq === null ? {} : { seq }),
    position: encodePosition({ partition, pos }),
    ...(at === null ? {} : { at: new Date(at).toISOString() }),
    ...(outcome.outcome === 'repeated' ? { duplicate: true } : {}),
  })
}

/** The answer when the world failed; undefined: it was not the world. */
export const answerOfFault = (error: unknown): Answer | undefined => {
  if (!isFault(error)) return undefined
  return refused(error.code === 'timeout' ? 'timeout' : 'unavailable')
}

/** The answer when anything failed. A bug is told: one that breaks what must hold ends the process. `about`: what was asked for. */
export const answerOfError = (
  error: unknown,
  about: object,
  { logger, onFatal }: { readonly logger: Logger; readonly onFatal: (error: unknown) => void },
): Answer => {
  if (error instanceof AssertionError) onFatal(error)
  const fault = answerOfFault(error)
  if (fault !== undefined) return fault
  logger.error({ err: error, ...about }, 'request failed')
  return refused('internal')
}

/** The frame of an answer. PROTOCOL §2. */
export const encodeAnswer = (ref: number, answer: Answer): string => {
  if ('ok' in answer) return JSON.stringify({ op: 'ok', ref, ...answer.ok })
  const { error, message, retryAfterMs } = answer
  return JSON.stringify({
    op: 'error',
    ref,
    code: error,
    message,
    retry: retryOf(error),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}
