import { uuidV7 } from '@chat/runtime'
import { type Command, createEncoder, localSchemaIds, partitionOf } from '@chat/schemas'
import { normaliseName } from '@chat/schemas/protocol'
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
