import type { Position } from '@chat/read-models'
import { readWaitMs } from '@chat/schemas/protocol'
import { ok } from '../../answer.ts'
import type { Answer } from '../../ports.ts'
import type { Caller } from '../caller.ts'
import type { FrameServices, ReadHandler } from './handler.ts'

/** Reads what is not older than what the caller has seen, or says `stale`. `onReached`: the read models hold these positions. */
export const answerRead = async <F>(
  frame: F,
  handler: ReadHandler<F>,
  caller: Caller,
  services: FrameServices,
  onReached: (positions: readonly Position[]) => void = () => {},
): Promise<Answer> => {
  const positions = caller.positions()
  const isFresh = positions.length === 0 || (await services.readModels.waitFor(positions, readWaitMs))
  if (isFresh) onReached(positions)
  const found = await handler.handle(frame, caller, services)
  return isFresh || 'error' in found ? found : ok({ ...found.ok, stale: true })
}
