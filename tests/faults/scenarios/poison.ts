import type { NewRecord } from '@chat/event-log'
import { allTopics, type Topic } from '@chat/schemas'
import { noise, nonsenseRecord, nonsenseRecords, type TestWorld } from '@chat/testkit'

const kinds = (schema: string, type: string): readonly NewRecord[] => [
  ...nonsenseRecords(schema, type),
  // Headers of an event, whose place they are not: no reader may take them for one.
  nonsenseRecord(noise, { type, schema, pos: '0', cmd: '0', chain: '0'.repeat(16) }),
  nonsenseRecord(noise, { type, schema, pos: 'NaN', cmd: '-1', chain: '', ignorable: 'maybe' }),
  nonsenseRecord(noise, { type: 'Unknown', schema: 'unknown.v9', pos: '999999999', cmd: '999999999' }),
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
