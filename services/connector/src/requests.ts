import type { Position } from '@chat/read-models'
import type { Logger } from '@chat/runtime'
import { decodePosition } from '@chat/schemas'
import { parseRequest, type RequestFrame, socketOps, unansweredWritesMax } from '@chat/schemas/protocol'
import { answerOf, answerOfError, refused } from './answer.ts'
import type { Answer, Api, CommandDraft, Identity } from './ports.ts'
import type { Caller } from './socket/caller.ts'
import type { ConnectionServices } from './socket/connection-services.ts'
import { answerRead } from './socket/frames/answer-read.ts'
import type { FrameServices } from './socket/frames/handler.ts'
import { type HandledFrame, handlerOf } from './socket/frames/index.ts'
import { targetOf } from './socket/frames/target.ts'
import type { WriteAdmission } from './write-admission.ts'

interface RequestPorts {
  readonly services: FrameServices & Pick<ConnectionServices, 'isSuspended'>
  readonly writeAdmission: WriteAdmission
  readonly logger: Logger
  readonly endSession: (identity: Identity) => Promise<Answer>
  readonly onFatal: (error: unknown) => void
}

/** Answers request frames that came by HTTP, by the same handlers as on a socket. */
export const createRequests = ({
  services,
  writeAdmission,
  logger,
  endSession,
  onFatal,
}: RequestPorts): Api['request'] => {
  /** `user|device` → its unanswered writes. HTTP cannot be made to wait, so more are refused. */
  const unanswered = new Map<string, number>()

  const submit = async (draft: CommandDraft, { userId, device }: Identity): Promise<Answer> => {
    const key = `${userId}|${device}`
    const before = unanswered.get(key) ?? 0
    if (before >= unansweredWritesMax) return refused('too_many', 'too many unanswered writes of this device')
    const submitted = writeAdmission.submit(draft)
    if (!(submitted instanceof Promise)) return submitted
    unanswered.set(key, before + 1)
    try {
      return answerOf(await submitted)
    } finally {
      const after = (unanswered.get(key) ?? 1) - 1
      if (after > 0) unanswered.set(key, after)
      else unanswered.delete(key)
    }
  }

  const answer = async (frame: HandledFrame, caller: Caller): Promise<Answer> => {
    const handler = handlerOf(frame)
    const limited =
      handler.kind === 'write'
        ? services.rateLimiter.write(caller, targetOf(frame, caller.identity.userId))
        : services.rateLimiter[handler.kind](caller)
    if (limited !== undefined) return limited
    if (handler.kind === 'write') {
      const prepared = await handler.prepare(frame, caller, services)
      return 'refusal' in prepared ? prepared.refusal : submit(prepared.draft, caller.identity)
    }
    if (handler.kind === 'effect') return handler.handle(frame, caller, services)
    return answerRead(frame, handler, caller, services)
  }

  const route = (frame: RequestFrame, caller: Caller): Promise<Answer> | Answer => {
    if (frame.op === 'hello' || socketOps.has(frame.op)) return refused('invalid', `${frame.op} needs a socket`)
    return frame.op === 'logout' ? endSession(caller.identity) : answer(frame, caller)
  }

  return async (identity, frame, minPos) => {
    const parsed = parseRequest(frame)
    if ('malformed' in parsed) return refused('invalid', 'not an object with op and ref')
    if ('error' in parsed) return refused(parsed.error, parsed.message)
    const position = minPos === undefined ? undefined : decodePosition(minPos)
    if (minPos !== undefined && position === undefined) return refused('invalid', 'minPos is not a position')
    if (services.isSuspended(identity.userId)) return refused('suspended')
    try {
      return await route(parsed.frame, callerOf(identity, position))
    } catch (error) {
      return answerOfError(error, { op: parsed.frame.op }, { logger, onFatal })
    }
  }
}

const callerOf = (identity: Identity, position: Position | undefined): Caller => ({
  identity,
  connection: undefined,
  tell: undefined,
  remoteAddress: undefined,
  positions: () => (position === undefined ? [] : [position]),
  othersTold: () => Promise.resolve(),
})
