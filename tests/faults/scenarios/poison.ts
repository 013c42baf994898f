import type { NewRecord } from '@chat/event-log'
import { allTopics, type Topic } from '@chat/schemas'
import type { TestWorld } from '@chat/testkit'

const noise = Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 131) % 256))

const record = (value: Uint8Array | null, headers: Readonly<Record<string, string>> = {}): NewRecord => ({
  // A compacted topic takes nothing without a key.
  key: 'poison',
  value,
  headers,
})

/** What is in no topic rightly; `schema` and `type` are those of one that would be. */
const kinds = (schema: string, type: string): readonly NewRecord[] => [
  record(null),
  record(Buffer.alloc(0)),
  record(noise),
  record(noise, { type, schema }),
  record(noise.subarray(0, 5), { type, schema }),
  record(Buffer.concat([Buffer.alloc(5), noise]), { type, schema }),
  record(null, { type, schema }),
  record(Buffer.from('{"op":"send"}'), { type, schema: '../../etc/passwd' }),
  record(Buffer.concat([Buffer.alloc(5), Buffer.alloc(200, 0xff)]), { type, schema }),
  // Headers of an event, whose place they are not: no reader may take them for one.
  record(noise, { type, schema, pos: '0', cmd: '0', chain: '0'.repeat(16) }),
  record(noise, { type, schema, pos: 'NaN', cmd: '-1', chain: '', ignorable: 'maybe' }),
  record(noise, { type: 'Unknown', schema: 'unknown.v9', pos: '999999999', cmd: '999999999' }),
]

const example = (topics: TestWorld['topics'], topic: Topic): readonly [string, string] => {
  if (topic.name === topics.commands.name) return ['post-message.v1', 'PostMessage']
  if (topic.name === topics.events.name) return ['message-posted.v1', 'MessagePosted']
  return ['receipt-advanced.v1', 'ReceiptAdvanced']
}

/** For every topic of the world a dozen kinds of nonsense. */
export const poisonFor = ({
  topics,
}: TestWorld): readonly { readonly topic: Topic; readonly records: readonly NewRecord[] }[] =>
  allTopics(topics).map((topic) => ({ topic, records: kinds(...example(topics, topic)) }))
