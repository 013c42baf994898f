import { uuidV7 } from '@chat/runtime'
import { type Command, createEncoder, localSchemaIds, partitionOf, partitionOfConversation } from '@chat/schemas'
import type { World } from './world.ts'

const encoder = createEncoder(localSchemaIds)

type OnMachine = Extract<Command, { readonly by: string }>
type Filled = 'actor' | 'by' | 'device' | 'clientMsgId' | 'replySlot' | 'replyEpoch' | 'request'
type Draft<C> = C extends OnMachine ? Omit<C, Filled> : never

/** What commands on the machine do: nobody of the chat asks, and no connector waits. What comes of it is for the caller to wait for. */
export const commandOnMachine = async (world: World, draft: Draft<OnMachine>): Promise<void> => {
  const command = {
    ...draft,
    ...{ actor: 0, by: 'root@here', device: '00000000-0000-0000-0000-000000000000' },
    ...{ clientMsgId: uuidV7(world.clock.now(), world.random), replySlot: -1, replyEpoch: 0, request: 0 },
  } as OnMachine
  const { commands: topic } = world.topics
  const partition =
    'conversation' in command
      ? partitionOfConversation(command.conversation, topic.partitions)
      : partitionOf(command.normalisedName, topic.partitions)
  if (partition === undefined) throw new Error('no conversation')
  const { schema, value } = encoder.encode(command)
  const records = [{ key: null, value, headers: { type: command.type, schema } }]
  await world.store.client('machine').append({ topic, partition, records })
}
