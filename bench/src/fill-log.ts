import { type NewRecord, posHeader } from '@chat/event-log'
import { openKafkaLog } from '@chat/event-log/kafka'
import { silentLogger } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import {
  chainOf,
  chainStart,
  createEncoder,
  directConversation,
  type LogEvent,
  localSchemaIds,
  partitionOf,
  partitionOfConversation,
} from '@chat/schemas'
import type { TestWorld } from '@chat/testkit'
import { uuidV7 } from './direct.ts'

export interface FillOptions {
  /** Messages, besides one registration a user. */
  readonly events: number
  readonly users: number
  readonly pairs: number
  readonly textBytes: number
}

const recordsMax = 1000

/**
 * Writes what routers would have written: people, and direct messages of random pairs. Commands are not written, so the events name none
 * (`cmd` -1), and a router begins with the first that comes.
 */
export const fillLog = async (world: TestWorld, options: FillOptions): Promise<void> => {
  const { brokers, partitions } = { brokers: world.stack.kafkaBrokers, partitions: world.partitions }
  const onFatal = (error: unknown) => {
    throw error
  }
  const log = await openKafkaLog({ brokers, clientId: 'fill', clock, random, logger: silentLogger, onFatal })
  const writers = Array.from({ length: partitions }, (_, partition) => createPartitionWriter(partition))
  const flush = async (min: number) => {
    for (const [partition, writer] of writers.entries())
      for (let part = writer.take(min); part.length > 0; part = writer.take(min))
        await log.append({ topic: world.topics.events, partition, records: part })
  }
  const at = clock.now() - 86_400_000
  const opened = { type: 'LogOpened', partitions, firstId: 1, hash: 'murmur2-utf8-positive', at } as const
  for (const writer of writers) writer.add(opened)
  const users = registerUsers(writers, options.users, at)
  const drawn = Array.from({ length: options.pairs }, () => createPair(users, partitions))
  // The same two may be drawn twice: they have one conversation.
  const pairs = [...new Map(drawn.map((pair) => [pair.conversation, pair])).values()]
  for (let count = 0; count < options.events; count++) {
    const pair = pick(pairs)
    writers[pair.partition]?.add(messageOf(pair, at + count, options.textBytes))
    if (count % (recordsMax * partitions) === 0) await flush(recordsMax)
  }
  await flush(1)
  await log.close()
}

type PartitionWriter = ReturnType<typeof createPartitionWriter>

const createPartitionWriter = (partition: number) => {
  const encoder = createEncoder(localSchemaIds)
  const waiting: NewRecord[] = []
  let [pos, chain, users] = [0, chainStart, 0]
  return {
    partition,
    nextUser: () => users++,
    add: (event: LogEvent) => {
      const { schema, value } = encoder.encode(event)
      chain = chainOf(chain, { pos, type: event.type, cmd: -1, value })
      const headers = { type: event.type, schema, [posHeader]: String(pos), cmd: '-1', ignorable: 'false', chain }
      waiting.push({ key: null, value, headers })
      pos++
    },
    /** Nothing while fewer than `min` wait. */
    take: (min: number) => (waiting.length < min ? [] : waiting.splice(0, recordsMax)),
  }
}

const registerUsers = (writers: readonly PartitionWriter[], count: number, at: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => {
    const name = `filled${index}`
    const writer = writers[partitionOf(name, writers.length)]
    if (writer === undefined) throw new Error('a name has a partition')
    const userId = writer.nextUser() * writers.length + writer.partition + 1
    writer.add({
      ...{
        type: 'UserRegistered',
        actor: userId,
        device: crypto.randomUUID(),
        at,
        clientMsgId: uuidV7(),
        userId,
        name,
      },
      ...{ normalisedName: name, registrationId: crypto.randomUUID(), displayName: Buffer.from(name), keyId: null },
    })
    return userId
  })

interface Pair {
  readonly conversation: string
  readonly partition: number
  readonly members: readonly (readonly [number, string])[]
  seq: number
}

const createPair = (users: readonly number[], partitions: number): Pair => {
  const from = pick(users)
  const to = pick(users.filter((user) => user !== from))
  const conversation = directConversation(from, to)
  const members = [from, to].map((user) => [user, `00000000-0000-4000-8000-${String(user).padStart(12, '0')}`] as const)
  return { conversation, partition: partitionOfConversation(conversation, partitions) ?? 0, members, seq: 0 }
}

const messageOf = (pair: Pair, at: number, textBytes: number): LogEvent => {
  const [actor, device] = pick(pair.members)
  pair.seq++
  const body = Buffer.from(JSON.stringify({ kind: 'text', text: `${pair.seq} `.padEnd(textBytes, 'x') }))
  const { conversation, seq } = pair
  const common = { conversation, seq, actor, device, at, clientMsgId: uuidV7() }
  return { type: 'MessagePosted', ...common, body, keyId: null, replyTo: null, mentions: [] }
}

const pick = <T>(items: readonly T[]): T => {
  const item = items[Math.floor(Math.random() * items.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}
