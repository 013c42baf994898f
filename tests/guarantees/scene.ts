import { isValid, type StoredRecord } from '@chat/event-log'
import { uuidV7 } from '@chat/runtime'
import {
  chainOf,
  chainStart,
  createEncoder,
  decodeDelivery,
  decodeEvent,
  type LogEvent,
  localSchemaIds,
  type MessagePosted,
  type PostMessage,
  partitionOfConversation,
} from '@chat/schemas'
import { ask, type Person } from '../memory/people.ts'
import type { Ground, World } from '../memory/world.ts'

export const encoder = createEncoder(localSchemaIds)

export interface Shown {
  readonly seq: number
  readonly type: string
  readonly text: string | undefined
}

interface ClientEvent {
  readonly conversation?: string
  readonly seq: number
  readonly type: string
  readonly data: { readonly body?: { readonly text: string } }
}

const shown = ({ seq, type, data }: ClientEvent): Shown => ({ seq, type, text: data.body?.text })

/** The messages among what was shown, in the order in which it was. */
export const textsOf = (events: readonly Shown[]): readonly string[] =>
  events.flatMap(({ text }) => (text === undefined ? [] : [text]))

/** What was pushed to a client of one conversation. */
export const pushesOf = ({ client }: Person, conversation: string): readonly Shown[] =>
  (client.pushes('event') as unknown as readonly ClientEvent[])
    .filter((event) => event.conversation === conversation)
    .map(shown)

interface SyncedConversation {
  readonly id: string
  readonly events: readonly ClientEvent[]
}

/** What an `ok` to a sync gives of one conversation; also the `sync` in the `ok` to a hello. */
export const syncedOf = (answer: Readonly<Record<string, unknown>>, conversation: string): readonly Shown[] => {
  const page = (answer.sync ?? answer) as { readonly conversations?: readonly SyncedConversation[] }
  const found = (page.conversations ?? []).filter(({ id }) => id === conversation)
  return found.flatMap(({ events }) => events.map(shown))
}

export const createGroup = async (
  world: World,
  owner: Person,
  ref: number,
  members: readonly Person[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> => {
  const group = { title: 'lunch', visibility: 'private', members: members.map(({ userId }) => userId), ...more }
  const answer = await ask(world, owner.client, { op: 'group.create', ref, ...group })
  if (answer.op !== 'ok') throw new Error(`no group: ${JSON.stringify(answer)}`)
  return String(answer.conversation)
}

/** Few enough that a group of a test is told to connectors, and soon. */
export const fewMembers = { largeGroupMembers: 2, largeGroupSettleMs: 500 }

/** The seqs of events that connectors were told of a conversation without its members. */
export const toldToMembers = async ({ store, topics }: Ground, conversation: string): Promise<ReadonlySet<number>> => {
  const log = store.client('witness')
  const seqs = new Set<number>()
  for (const topic of topics.deliveries) {
    const end = (await log.ends(topic)).get(0) ?? 0
    for await (const records of log.read(topic, 0, 0, end, new AbortController().signal))
      for (const { headers, value } of records) {
        const delivery = decodeDelivery(headers.schema ?? '', value)
        if (!('record' in delivery) || delivery.record.type !== 'SlotDelivery') continue
        for (const { schema, value: event, toMembers } of delivery.record.events) {
          const decoded = decodeEvent(schema, event)
          if (!toMembers || !('record' in decoded) || !('conversation' in decoded.record)) continue
          if (decoded.record.conversation === conversation && decoded.record.seq !== null) seqs.add(decoded.record.seq)
        }
      }
  }
  return seqs
}

/** Everything on the log is in the read models. */
export const projected = async (world: World): Promise<void> => {
  const ends = await world.store.client('witness').ends(world.topics.events)
  const positions = [...ends].flatMap(([partition, end]) => (end > 0 ? [{ partition, pos: end - 1 }] : []))
  if (!(await world.run(world.readModels.waitFor(positions, 30_000)))) throw new Error('the read models stay behind')
}

export const historyOf = async (
  world: World,
  person: Person,
  ref: number,
  conversation: string,
): Promise<readonly Shown[]> => {
  await projected(world)
  const answer = await ask(world, person.client, { op: 'history', ref, conversation })
  return ((answer.events ?? []) as readonly ClientEvent[]).map(shown)
}

export const partitionIn = ({ topics }: Pick<Ground, 'topics'>, conversation: string): number => {
  const partition = partitionOfConversation(conversation, topics.events.partitions)
  if (partition === undefined) throw new Error(`${conversation} is no conversation`)
  return partition
}

const recordsOf = async ({ store, topics }: Ground, partition: number): Promise<readonly StoredRecord[]> => {
  const log = store.client('witness')
  const end = (await log.ends(topics.events)).get(partition) ?? 0
  const found: StoredRecord[] = []
  for await (const records of log.read(topics.events, partition, 0, end, new AbortController().signal))
    found.push(...records)
  return found
}

/** The valid events of a partition. That rule is written out here once more: the tests must not stand on what they test. */
const validOf = async (ground: Ground, partition: number): Promise<readonly StoredRecord[]> =>
  (await recordsOf(ground, partition)).filter(({ offset, headers }) => headers.pos === String(offset))

export const eventsOnLog = async (ground: Ground, partition: number): Promise<readonly LogEvent[]> =>
  (await validOf(ground, partition)).map(({ headers, value }) => {
    const decoded = decodeEvent(headers.schema ?? '', value)
    if (!('record' in decoded)) throw new Error(decoded.detail)
    return decoded.record
  })

/** Of one conversation, as the log has it. */
export const onLog = async (ground: Ground, conversation: string): Promise<readonly Shown[]> =>
  (await eventsOnLog(ground, partitionIn(ground, conversation))).flatMap((event) => {
    if (!('conversation' in event) || event.seq === null || event.conversation !== conversation) return []
    const body = event.type === 'MessagePosted' ? JSON.parse(Buffer.from(event.body).toString()) : undefined
    return [{ seq: event.seq, type: event.type, text: body?.text }]
  })

/** How many records of a partition of events are valid to the readers of the system. */
export const validCount = async (ground: Ground, partition: number): Promise<number> =>
  (await recordsOf(ground, partition)).filter(isValid).length

const bodyOf = (text: string) => Buffer.from(JSON.stringify({ kind: 'text', text }))

/** A command that no connector checked: there is nobody to be told its outcome. */
export const commandOf = (world: World, by: Person, conversation: string, body: Buffer | string): PostMessage => ({
  type: 'PostMessage',
  conversation,
  actor: by.userId,
  device: by.device,
  clientMsgId: uuidV7(world.clock.now(), world.random),
  after: null,
  body: typeof body === 'string' ? bodyOf(body) : body,
  keyId: null,
  replyTo: null,
  mentions: [],
  request: 0,
  replySlot: 0,
  replyEpoch: 0,
})

/** An event that nothing decided. */
export const messageOf = (
  world: World,
  by: Person,
  conversation: string,
  seq: number,
  text: string,
): MessagePosted => ({
  type: 'MessagePosted',
  conversation,
  seq,
  actor: by.userId,
  device: by.device,
  at: world.clock.now(),
  clientMsgId: uuidV7(world.clock.now(), world.random),
  body: bodyOf(text),
  keyId: null,
  replyTo: null,
  mentions: [],
})

/** Appends a command as a connector does that checks nothing. */
export const sendPastConnectors = (ground: Ground, command: PostMessage) => {
  const { schema, value } = encoder.encode(command)
  const records = [{ key: null, value, headers: { type: command.type, schema } }]
  const partition = partitionIn(ground, command.conversation)
  return ground.store.client('stranger').append({ topic: ground.topics.commands, partition, records })
}

/** Appends an event as a router of another build might: where its stamp says, and linked to what lies before it unless `chain` is given. */
export const forgeEvent = async (ground: Ground, partition: number, event: LogEvent, chain?: string): Promise<void> => {
  const { schema, value } = encoder.encode(event)
  const pos = (await recordsOf(ground, partition)).length
  const last = (await validOf(ground, partition)).at(-1)
  const cmd = -1 // No command asked for it.
  const linked = chainOf(last?.headers.chain ?? chainStart, { pos, type: event.type, cmd, value })
  const headers = { type: event.type, schema, pos: String(pos), cmd: String(cmd), ignorable: 'false' }
  const records = [{ key: null, value, headers: { ...headers, chain: chain ?? linked } }]
  await ground.store.client('stranger').append({ topic: ground.topics.events, partition, records })
}
