import type { PreviousReadModels, PreviousState } from '@chat/read-models'
import { Fault } from '@chat/runtime'
import { type CatchUpPorts, catchUp, endsOf, never, switchOver } from './catch-up.ts'
import { checkPlace } from './place.ts'

export interface RollbackPorts extends CatchUpPorts {
  readonly previous: PreviousReadModels
  readonly say: (line: string) => void
}

export interface RollbackOptions {
  /** `refuse`: no way back to read models in which something is parked that the live ones have. */
  readonly onDifferences: 'refuse' | 'accept'
}

/**
 * Puts the previous read models back in the place of the live ones, which become the previous ones: it can be taken back the same way.
 * Nothing that was read is taken away, because they are brought to the live ones' place first. Throws Fault `rollback_refused` when
 * there are none, or none that can be brought there; nothing happened then.
 */
export const rollback = async (ports: RollbackPorts, options: RollbackOptions): Promise<void> => {
  const { previous, say } = ports
  refuseUnlessFit(await previous.begin())
  await refuseIfCut(ports)
  say('bringing the previous read models up to date')
  await catchUp(ports, previous, await endsOf(ports))
  const parked = await previous.parkedOnlyHere()
  if (parked > 0) say(`${parked} conversations or accounts stand still in them that go on in the live ones`)
  if (parked > 0 && options.onDifferences === 'refuse') throw refused('going back would take views away')
  await switchOver(ports, previous, 'keep')
  say('switched back; what was live is the previous one now')
}

/** Removes the previous read models and with them the way back. */
export const dropPrevious = async ({
  previous,
  say,
}: Pick<RollbackPorts, 'previous' | 'say'>): Promise<PreviousState['kind']> => {
  const { kind } = await previous.begin()
  if (kind !== 'absent') await previous.drop()
  say(kind === 'absent' ? 'there are no previous read models' : 'the previous read models are dropped')
  return kind
}

const refuseUnlessFit = (state: PreviousState): void => {
  if (state.kind === 'absent') throw refused('there are no previous read models')
  if (state.kind === 'unfit') throw refused(`the previous read models cannot be projected further: ${state.reason}`)
}

const refuseIfCut = async ({ log, topics, previous }: RollbackPorts): Promise<void> => {
  for (let partition = 0; partition < topics.events.partitions; partition++) {
    const place = await previous.projection.offset('events', partition)
    const halt = await checkPlace(log, topics.events, partition, place, never)
    if (halt !== undefined) throw refused(`the previous read models are of another log: ${halt.detail}`)
  }
}

const refused = (why: string): Fault => new Fault('rollback_refused', why, { isRetryable: false })
