import type { Credentials } from '@chat/credentials'
import type { Presence } from '@chat/presence'
import type { ReadModels } from '@chat/read-models'
import type { Clock, Random } from '@chat/runtime'
import type { RequestFrame, RequestOp } from '@chat/schemas/protocol'
import type { OwnAccount } from '../../accounts/own-account.ts'
import { refused } from '../../answer.ts'
import type { Directory } from '../../directory.ts'
import type { Answer, CommandDraft } from '../../ports.ts'
import type { PresenceWatch } from '../../presence/watch.ts'
import type { WhoIsOnline } from '../../presence/who-is-online.ts'
import type { RateLimiter } from '../../rate-limiter.ts'
import { refusedWordMessage, type WordFilter } from '../../word-filter/word-filter.ts'
import { writtenTexts } from '../../word-filter/written-texts.ts'
import type { Caller } from '../caller.ts'
import type { Receipts } from '../receipts.ts'
import type { Signals } from '../signals.ts'

/** What handlers work with, the same for every caller. */
export interface FrameServices {
  readonly readModels: ReadModels
  readonly presence: Presence
  readonly credentials: Pick<Credentials, 'lastSeen'>
  readonly directory: Directory
  readonly receipts: Receipts
  readonly signals: Signals
  readonly presenceWatch: PresenceWatch
  readonly ownAccount: OwnAccount
  readonly rateLimiter: RateLimiter
  /** How long after its posting a message may be edited, ms; 0: for ever. */
  readonly editWindowMs: number
  readonly whoIsOnline: WhoIsOnline
  readonly clock: Clock
  readonly random: Random
  readonly wordFilter: WordFilter
}

/** What a writing frame becomes once it was checked: a command for the log, or a refusal. */
export type Prepared =
  | { readonly draft: CommandDraft }
  /** `comesAgain`: refused for now only. What was sent behind it must not overtake it. */
  | { readonly refusal: Answer; readonly comesAgain?: CommandDraft }

export type FrameOf<Op extends RequestOp> = Extract<RequestFrame, { readonly op: Op }>

/** Answers from the read models. What is older than the caller's positions is marked `stale` by whoever calls. */
export interface ReadHandler<F> {
  readonly kind: 'read'
  readonly handle: (frame: F, caller: Caller, services: FrameServices) => Promise<Answer>
}

/** Checks what the router cannot know. Returns at once where nothing must be asked: a promise holds back the writes behind it. */
export interface WriteHandler<F> {
  readonly kind: 'write'
  readonly prepare: (frame: F, caller: Caller, services: FrameServices) => Prepared | Promise<Prepared>
}

/** Has an effect of its own that is neither a read nor on the event log. */
export interface EffectHandler<F> {
  readonly kind: 'effect'
  readonly handle: (frame: F, caller: Caller, services: FrameServices) => Answer | Promise<Answer>
}

export const read = <Op extends RequestOp>(handle: ReadHandler<FrameOf<Op>>['handle']): ReadHandler<FrameOf<Op>> => ({
  kind: 'read',
  handle,
})

/** Whatever is written: a listed word in it is refused where the word filter refuses. */
export const write = <Op extends RequestOp>(
  prepare: WriteHandler<FrameOf<Op>>['prepare'],
): WriteHandler<FrameOf<Op>> => ({
  kind: 'write',
  prepare: (frame, caller, services) =>
    writtenTexts(frame).some(services.wordFilter.refuses)
      ? { refusal: refused('forbidden', refusedWordMessage) }
      : prepare(frame, caller, services),
})

export const effect = <Op extends RequestOp>(
  handle: EffectHandler<FrameOf<Op>>['handle'],
): EffectHandler<FrameOf<Op>> => ({ kind: 'effect', handle })
