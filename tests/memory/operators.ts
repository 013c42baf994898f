import { uuidV7 } from '@chat/runtime'
import { type Command, createEncoder, localSchemaIds, partitionOf } from '@chat/schemas'
import { normaliseName, type OperatorAct } from '@chat/schemas/protocol'
import type { Person } from './people.ts'
import type { World } from './world.ts'

const encoder = createEncoder(localSchemaIds)

/** What the command on the machine does: nobody of the chat asks, and no connector waits. Resolves when it is so. */
export const setOperator = async (world: World, name: string, isOperator: boolean): Promise<void> => {
  const normalisedName = normaliseName(name)
  const command: Command = {
    type: isOperator ? 'GrantOperator' : 'RevokeOperator',
    ...{ normalisedName, by: 'root@here', actor: 0, device: '00000000-0000-0000-0000-000000000000' },
    ...{ clientMsgId: uuidV7(world.clock.now(), world.random), replySlot: -1, replyEpoch: 0, request: 0 },
  }
  const { schema, value } = encoder.encode(command)
  const { commands: topic } = world.topics
  const records = [{ key: null, value, headers: { type: command.type, schema } }]
  const partition = partitionOf(normalisedName, topic.partitions)
  await world.run(world.store.client('machine').append({ topic, partition, records }))
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
