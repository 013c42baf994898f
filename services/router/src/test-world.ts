import type { EventLog, StoredRecord } from '@chat/event-log'
import { isValid } from '@chat/event-log'
import {
  type Command,
  chainOf,
  chainStart,
  createEncoder,
  type Delivery,
  decodeDeadLetter,
  decodeDelivery,
  decodeEvent,
  type LogEvent,
  localSchemaIds,
  partitionOfConversation,
  type SlotDelivery,
  type Topic,
  type Topics,
} from '@chat/schemas'

export const encoder = createEncoder(localSchemaIds)

/** As they are set by default. */
export const groupLimits = { largeGroupMembers: 128, largeGroupSettleMs: 30_000 }

/** What a test sees of a log: it plays the connector, and reads what is there. */
export const createWitness = (log: EventLog, topics: Topics) => {
  const readAll = async (topic: Topic, partition: number): Promise<readonly StoredRecord[]> => {
    const found: StoredRecord[] = []
    const end = (await log.ends(topic)).get(partition) ?? 0
    const beginning = (await log.beginnings(topic)).get(partition) ?? 0
    if (beginning >= end) return found
    for await (const records of log.read(topic, partition, beginning, end, new AbortController().signal))
      found.push(...records)
    return found
  }

  const told = async (topic: Topic): Promise<readonly Delivery[]> =>
    (await readAll(topic, 0)).map(({ headers, value }) => {
      const decoded = decodeDelivery(headers.schema ?? '', value)
      if (!('record' in decoded)) throw new Error('not a delivery')
      return decoded.record
    })

  const deliveries = async (topic: Topic | undefined): Promise<readonly SlotDelivery[]> => {
    if (topic === undefined) throw new Error('no such slot')
    return (await told(topic)).map((record) => {
      if (record.type !== 'SlotDelivery') throw new Error('not a delivery')
      return record
    })
  }

  /** Valid events; checks that their chain is whole. */
  const events = async (partition: number): Promise<readonly LoggedOnce[]> => {
    let chain = chainStart
    return (await readAll(topics.events, partition)).filter(isValid).map(({ headers, value, offset: pos }) => {
      const decoded = decodeEvent(headers.schema ?? '', value)
      if (!('record' in decoded) || value === null) throw new Error('event cannot be read')
      chain = chainOf(chain, { pos, type: headers.type ?? '', cmd: Number(headers.cmd), value })
      if (headers.chain !== chain) throw new Error(`the chain breaks at ${pos}`)
      return { ...decoded.record, pos, cmd: Number(headers.cmd) }
    })
  }

  return {
    append: (partition: number, value: Uint8Array, headers: Readonly<Record<string, string>>) =>
      log.append({ topic: topics.commands, partition, records: [{ key: null, value, headers }] }),
    send: (command: Command, partition = partitionFor(command, topics)) => {
      const { schema, value } = encoder.encode(command)
      const records = [{ key: null, value, headers: { type: command.type, schema } }]
      return log.append({ topic: topics.commands, partition, records })
    },
    events,
    eventRecords: (partition: number) => readAll(topics.events, partition),
    deliveries: (slot: number) => deliveries(topics.deliveries[slot]),
    broadcasts: async () => (await told(topics.deliveryAll)).filter((record) => record.type === 'SlotDelivery'),
    /** What routers said of presence: for how long it was away each time, ms. */
    absences: async () =>
      (await told(topics.deliveryAll)).flatMap((record) => (record.type === 'PresenceAway' ? [record.awayMs] : [])),
    replies: async (slot: number) => (await deliveries(topics.deliveries[slot])).flatMap(({ replies }) => replies),
    deadLetters: async (partition: number) =>
      (await readAll(topics.deadLetters, partition)).map(({ headers, value }) => {
        const decoded = decodeDeadLetter(headers.schema ?? '', value)
        if (!('record' in decoded)) throw new Error('not a dead letter')
        return decoded.record
      }),
  }
}

export type Witness = ReturnType<typeof createWitness>

const partitionFor = (command: Command, topics: Topics): number => {
  const partition =
    'conversation' in command ? partitionOfConversation(command.conversation, topics.commands.partitions) : undefined
  if (partition === undefined) throw new Error('name the partition of what is no conversation')
  return partition
}

type LoggedOnce = LogEvent & { readonly pos: number; readonly cmd: number }

/** A command is accepted or refused in the log, once: what was refused stays without effect. [G11] */
export const assertDecidedOnce = (events: readonly LoggedOnce[]): void => {
  const decided = events.flatMap((event) => {
    if (event.type === 'LogOpened' || event.type === 'CommandsRebased') return []
    return event.type === 'CommandsRejected' ? event.rejections.map(({ cmd }) => cmd) : [event.cmd]
  })
  if (new Set(decided).size !== decided.length) throw new Error('a command was decided twice')
}

/** What must hold for every conversation whatever happened: each message once, places dense. [G2] [G3] */
export const assertOnceAndDense = (events: readonly LogEvent[]): ReadonlyMap<string, readonly string[]> => {
  const conversations = new Map<string, string[]>()
  for (const event of events) {
    if (!('conversation' in event) || event.seq === null) continue
    const ids = conversations.get(event.conversation) ?? []
    conversations.set(event.conversation, ids)
    if (event.seq !== ids.length + 1) throw new Error(`${event.conversation}: seq ${event.seq} after ${ids.length}`)
    if (ids.includes(event.clientMsgId)) throw new Error(`${event.clientMsgId} was accepted twice`)
    ids.push(event.clientMsgId)
  }
  return conversations
}
