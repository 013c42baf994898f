import { byName, type JsonObject } from './json-schema.ts'
import { logRule, pythonReader, typeScriptReader } from './log-readers.ts'

/** Every published schema, by the name in the header `schema`. */
export type PublishedRecords = Readonly<Record<string, JsonObject>>

interface TopicDocument {
  /** As the channel is called in the document. */
  readonly channel: string
  readonly address: string
  readonly summary: string
  readonly description: string
  /** Namespaces of the records it carries. */
  readonly namespaces: readonly string[]
  readonly headers: 'none' | 'typed' | 'stamped'
}

/** The topics of the table in docs/architecture.md, with the default prefix. */
const topics: readonly TopicDocument[] = [
  {
    ...{ channel: 'commands', address: 'chat.commands.v1', namespaces: ['chat.commands'], headers: 'typed' },
    summary: 'What clients asked for.',
    description: 'P partitions, that of the conversation or name; written by connectors, kept for 3 days.',
  },
  {
    ...{ channel: 'events', address: 'chat.events.v1', namespaces: ['chat.events'], headers: 'stamped' },
    summary: 'Everything that ever happened: the source of truth.',
    description: [
      'P partitions, those of the commands; written by routers, kept for ever.',
      `**The one rule.** ${logRule}`,
      `TypeScript:\n\n\`\`\`ts\n${typeScriptReader}\`\`\``,
      `Python:\n\n\`\`\`python\n${pythonReader}\`\`\``,
    ].join('\n\n'),
  },
  {
    ...{ channel: 'receipts', address: 'chat.receipts.v1', namespaces: ['chat.receipts'], headers: 'typed' },
    summary: 'Delivered and read cursors.',
    description: 'P partitions by conversation, key `conversation|user|device`, compacted; written by connectors.',
  },
  {
    ...{ channel: 'signals', address: 'chat.signals.v1', namespaces: ['chat.signals'], headers: 'typed' },
    summary: 'What is true for a moment only, like typing: never stored in the event log.',
    description: 'P partitions by conversation; written by connectors, kept for 15 minutes.',
  },
  {
    ...{ channel: 'deliverySlot', address: 'chat.delivery.{slot}', namespaces: ['chat.deliveries'], headers: 'typed' },
    summary: 'Events, replies and kicks for the connector that leases the slot.',
    description: 'One partition each, kept for 15 minutes. A delivery that names another epoch of the slot is dropped.',
  },
  {
    ...{ channel: 'deliveryAll', address: 'chat.delivery.all', namespaces: ['chat.deliveries'], headers: 'typed' },
    summary: 'For every connector: deliveries while presence cannot be trusted, and notices.',
    description: 'One partition, kept for 15 minutes; written by routers.',
  },
  {
    ...{ channel: 'snapshots', address: 'chat.snapshots.v1', namespaces: ['chat.snapshots'], headers: 'typed' },
    summary: 'The state of a partition at a position of its log.',
    description: 'P partitions, kept for 48 hours; written and read by routers. A function of the log: it may be lost.',
  },
  {
    ...{ channel: 'deadLetters', address: 'chat.dlq.v1', namespaces: ['chat.deadLetters'], headers: 'typed' },
    summary: 'Records that could not be decoded or decided, with origin and reason.',
    description: 'P partitions, kept for 30 days; written by all.',
  },
]

/** The channels of the log in AsyncAPI: each record of each published version is a message. */
export const topicChannels = (records: PublishedRecords): Readonly<Record<string, JsonObject>> => {
  const published = Object.entries(records)
  const known = topics.flatMap(({ namespaces }) => namespaces)
  for (const [name, { namespace }] of published)
    if (!known.includes(String(namespace))) throw new Error(`no topic of the documents carries ${name}`)
  return byName(
    topics.map(({ channel, address, summary, description, namespaces, headers }) => [
      channel,
      {
        ...{ address, summary, description },
        ...(address.includes('{') ? { parameters: { slot: { description: 'Three digits, from 000.' } } } : {}),
        servers: [{ $ref: '#/servers/log' }],
        messages: byName(
          published
            .filter(([, { namespace }]) => namespaces.includes(String(namespace)))
            .map(([name, record]) => [name, messageOf(name, record, headers)] as const),
        ),
      },
    ]),
  )
}

const messageOf = (name: string, record: JsonObject, headers: TopicDocument['headers']): JsonObject => ({
  name: String(record.name),
  ...(record.doc === undefined ? {} : { summary: record.doc }),
  contentType: 'application/vnd.apache.avro',
  headers: headersOf(name, String(record.name), headers === 'stamped'),
  payload: { schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema: record },
})

/** Of events, validity and order need no schema: they stand in the headers. Everything is UTF-8, numbers are decimal. */
const headersOf = (schema: string, type: string, isStamped: boolean): JsonObject => ({
  type: 'object',
  required: ['type', 'schema', ...(isStamped ? ['pos', 'cmd', 'ignorable', 'chain'] : [])],
  properties: {
    type: { type: 'string', const: type },
    schema: { type: 'string', const: schema },
    ...(isStamped
      ? {
          pos: { type: 'string', description: 'The offset it must have: if it has another one, it does not count.' },
          cmd: { type: 'string', description: 'The offset of the command that caused it.' },
          ignorable: {
            type: 'string',
            enum: ['true', 'false'],
            description: 'Whether a reader may pass over a type that it does not know.',
          },
          chain: { type: 'string', description: 'Links it to the valid event before it.' },
        }
      : {}),
  },
})
