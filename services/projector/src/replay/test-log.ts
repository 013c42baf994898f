import { posHeader } from '@chat/event-log'
import { createMemoryStore } from '@chat/event-log/memory'
import { chainOf, chainStart, createEncoder, createTopics, type LogEvent, localSchemaIds } from '@chat/schemas'
import { createFakeClock } from '@chat/testkit'

/** `astray`: by a writer that was overtaken. `garbled`: valid, but not its bytes. `unknown`: valid and ignorable, of a later build. */
export type Kind = 'valid' | 'astray' | 'garbled' | 'unknown'

export const startMs = Date.UTC(2031, 0, 1)

/** `seconds` after the start. */
export const message = (conversation: string, seconds: number, text = `text ${seconds}`): LogEvent => ({
  type: 'MessagePosted',
  conversation,
  seq: seconds + 1,
  actor: 1,
  device: 'desk',
  at: startMs + seconds * 1000,
  clientMsgId: `message-${seconds}`,
  body: Buffer.from(JSON.stringify({ kind: 'text', text })),
  keyId: null,
  replyTo: null,
  mentions: [],
})

export const left = (conversation: string, seconds: number): LogEvent => ({
  type: 'MemberLeft',
  conversation,
  seq: seconds + 1,
  actor: 2,
  device: 'phone',
  at: startMs + seconds * 1000,
  clientMsgId: `message-${seconds}`,
  user: 2,
})

export const partitions = 2

/** A log in memory, and a writer that stamps and chains as routers do, or not. */
export const createReplayLog = () => {
  const topics = createTopics({ prefix: 't.', partitions, slots: 1 })
  const clock = createFakeClock(startMs)
  const store = createMemoryStore({ clock })
  const log = store.client('test')
  const { encode } = createEncoder(localSchemaIds)
  const chains = Array.from({ length: partitions }, () => chainStart)

  const put = async (partition: number, event: LogEvent, kind: Kind = 'valid'): Promise<number> => {
    const end = (await log.ends(topics.events)).get(partition) ?? 0
    const pos = kind === 'astray' ? end + 3 : end
    const encoded = encode(event)
    const value = kind === 'garbled' ? encoded.value.subarray(0, 7) : encoded.value
    const type = kind === 'unknown' ? 'RoomPainted' : event.type
    const schema = kind === 'unknown' ? 'room-painted.v1' : encoded.schema
    const chain = chainOf(chains[partition] ?? chainStart, { pos, type, cmd: pos, value })
    if (kind !== 'astray') chains[partition] = chain
    const ignorable = String(kind === 'unknown')
    const headers = { type, schema, [posHeader]: String(pos), cmd: String(pos), ignorable, chain }
    await log.append({ topic: topics.events, partition, records: [{ key: null, value, headers }] })
    return end
  }
  return { topics, clock, store, log, put }
}
