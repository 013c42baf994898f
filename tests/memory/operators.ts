import { normaliseName, type OperatorAct } from '@chat/schemas/protocol'
import { commandOnMachine } from './machine.ts'
import type { Person } from './people.ts'
import type { World } from './world.ts'

/** Resolves when it is so. */
export const setOperator = async (world: World, name: string, isOperator: boolean): Promise<void> => {
  const normalisedName = normaliseName(name)
  await world.run(commandOnMachine(world, { type: isOperator ? 'GrantOperator' : 'RevokeOperator', normalisedName }))
  await world.until(async () => (await world.readModels.userByName(normalisedName))?.isOperator === isOperator)
}

/** What an operator is answered who is one and may do what he asks. */
export const mustAsOperator = async (
  { sockets: [side], run }: World,
  { userId, device }: Person,
  act: OperatorAct,
  input: object,
): Promise<Readonly<Record<string, unknown>>> => {
  if (side === undefined) throw new Error('there is a connector')
  const answer = await run(side.api.operator.act({ userId, sessionId: `session of ${userId}`, device }, act, input))
  if ('error' in answer) throw new Error(`${act}: ${answer.error} (${answer.message})`)
  return answer.ok
}
