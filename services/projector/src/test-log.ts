import { type EventLog, posHeader } from '@chat/event-log'
import { chainOf, chainStart, createEncoder, type LogEvent, localSchemaIds, type Topics } from '@chat/schemas'
import type { Story } from '@chat/testkit/contracts/read-models-story'

/** Writes events as their routers would: stamped and chained. */
export interface TestWriter {
  /** Whatever the story has that is not on the log yet, receipts included. */
  write(story: Story): Promise<void>
  /** An event as a router with a foreign idea of the log's end would write it: in order, but not where it says. */
  writeInvalid(partition: number, event: LogEvent): Promise<void>
  /** A record as it is. */
  writeRaw(partition: number, headers: Readonly<Record<string, string>>, value: Uint8Array | null): Promise<void>
}

const recordsMax = 1000

export const createTestWriter = (log: EventLog, topics: Topics): TestWriter => {
  const encoder = createEncoder(localSchemaIds)
  /** Where the story's position and the log's differ: invalid records take an offset. */
  const written = Array.from({ length: topics.events.partitions }, () => 0)
  const receiptsWritten = Array.from({ length: topics.events.partitions }, () => 0)
  const chains = Array.from({ length: topics.events.partitions }, () => chainStart)

  const end = async (partition: number) => (await log.ends(topics.events)).get(partition) ?? 0

  const recordOf = (partition: number, pos: number, event: LogEvent, isChained: 'chained' | 'astray') => {
    const { schema, value } = encoder.encode(event)
    const chain = chainOf(chains[partition] ?? chainStart, { pos, type: event.type, cmd: pos, value })
    if (isChained === 'chained') chains[partition] = chain
    const ignorable = event.type === 'CommandsRejected' ? 'true' : 'false'
    return {
      key: null,
      value,
      headers: { type: event.type, schema, [posHeader]: String(pos), cmd: String(pos), ignorable, chain },
    }
  }

  const writeEvents = async (partition: number, story: Story) => {
    const events = story.events[partition] ?? []
    let pos = await end(partition)
    for (let from = written[partition] ?? 0; from < events.length; from += recordsMax) {
      const part = events.slice(from, from + recordsMax)
      const records = part.map(({ event }) => recordOf(partition, pos++, event, 'chained'))
      await log.append({ topic: topics.events, partition, records })
    }
    written[partition] = events.length
  }

  const writeReceipts = async (partition: number, story: Story) => {
    const receipts = (story.receipts[partition] ?? []).slice(receiptsWritten[partition])
    receiptsWritten[partition] = (receiptsWritten[partition] ?? 0) + receipts.length
    for (let from = 0; from < receipts.length; from += recordsMax) {
      const records = receipts.slice(from, from + recordsMax).map(({ receipt }) => {
        const { schema, value } = encoder.encode(receipt)
        const key = `${receipt.conversation}|${receipt.user}|${receipt.device}`
        return { key, value, headers: { type: receipt.type, schema } }
      })
      await log.append({ topic: topics.receipts, partition, records })
    }
  }

  return {
    write: async (story) => {
      for (let partition = 0; partition < topics.events.partitions; partition++) {
        await writeEvents(partition, story)
        await writeReceipts(partition, story)
      }
    },
    writeInvalid: async (partition, event) => {
      const record = recordOf(partition, (await end(partition)) + 5, event, 'astray')
      await log.append({ topic: topics.events, partition, records: [record] })
    },
    writeRaw: async (partition, headers, value) => {
      await log.append({ topic: topics.events, partition, records: [{ key: null, value, headers }] })
    },
  }
}
