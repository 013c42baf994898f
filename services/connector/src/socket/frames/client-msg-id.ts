import { uuidV7 } from '@chat/runtime'
import { clientMsgIdAheadMaxMs, uuidV7TimeMs } from '@chat/schemas/protocol'
import { refused } from '../../answer.ts'
import type { FrameServices, Prepared } from './handler.ts'

/** Routers tell ids apart by their time: one from the future would outlive the window they keep. */
export const refuseFutureId = (
  clientMsgId: string | undefined,
  { clock }: Pick<FrameServices, 'clock'>,
): Extract<Prepared, { refusal: unknown }> | undefined =>
  clientMsgId !== undefined && uuidV7TimeMs(clientMsgId) > clock.now() + clientMsgIdAheadMaxMs
    ? { refusal: refused('invalid', 'clientMsgId is more than 24 hours ahead') }
    : undefined

/** The client's, or one made here: every command has one. */
export const clientMsgIdOf = (
  frame: { readonly clientMsgId?: string },
  { clock, random }: Pick<FrameServices, 'clock' | 'random'>,
): string => frame.clientMsgId ?? uuidV7(clock.now(), random)
