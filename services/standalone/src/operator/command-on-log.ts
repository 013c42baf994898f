import { noDevice } from '@chat/connector/no-device'
import { uuidV7 } from '@chat/runtime'
import { normaliseName } from '@chat/schemas/protocol'
import { type LogPorts, nobody, openCommandsOnLog } from '../commands-on-log.ts'

/** What is to become of whom. */
export interface Change {
  readonly kind: 'grant' | 'revoke'
  readonly name: string
  /** Who does it, for the log. */
  readonly by: string
}

/** `refused` carries the code of the router. */
export type ChangeOutcome =
  | { readonly outcome: 'done'; readonly userId: number }
  | { readonly outcome: 'refused'; readonly code: string }

/** Throws what `submit` throws: nothing is known then, and it may be asked again, because it does nothing twice. */
export const changeOnLog = async ({ kind, name, by }: Change, ports: LogPorts): Promise<ChangeOutcome> => {
  const commands = await openCommandsOnLog(ports)
  try {
    const outcome = await commands.submit({
      type: kind === 'grant' ? 'GrantOperator' : 'RevokeOperator',
      ...{ normalisedName: normaliseName(name), by, actor: nobody, device: noDevice },
      clientMsgId: uuidV7(ports.clock.now(), ports.random),
    })
    if (outcome.outcome === 'refused') return outcome
    if (outcome.outcome === 'accepted' && 'userId' in outcome.event)
      return { outcome: 'done', userId: outcome.event.userId }
    throw new Error(`a change of operators came to ${JSON.stringify(outcome)}`)
  } finally {
    await commands.stop()
  }
}
