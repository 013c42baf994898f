import { type TSchema, Type } from 'typebox'
import { okSchemaOf } from '../../protocol/answers/index.ts'
import { pushedEvent } from '../../protocol/events.ts'
import { type RequestOp, requestSchemas } from '../../protocol/frames.ts'
import { serverSchemas } from '../../protocol/server-frames.ts'
import { byName, isObject, type JsonObject, jsonSchemaOf, type SharedSchemas } from './json-schema.ts'
import { type PublishedRecords, topicChannels } from './topics.ts'

/** AsyncAPI 3: the socket with its requests, answers and pushes, and the topics. The application that it describes is the server. */
export const asyncApiDocument = (records: PublishedRecords): JsonObject => {
  const shared: SharedSchemas = new Map()
  const socket = socketChannel(shared)
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'chat.v1',
      version: '1.0.0',
      description: [
        'The socket that clients speak to, and the topics that readers of the log see. Made from the schemas that validate the traffic.',
        'JSON in UTF-8; times are RFC 3339 in UTC with milliseconds. A request has an `op` and a `ref` that the client chooses, and is answered once, by `ok` or `error` with the same `ref`. Everything else from the server is a push. Requests with fields that are not named here are refused; clients ignore fields, ops and event types that they do not know.',
      ].join('\n\n'),
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      connector: {
        host: 'localhost:8080',
        protocol: 'ws',
        description: 'Any connector; `GET /v1/gateway` names them.',
      },
      log: { host: 'localhost:9092', protocol: 'kafka', description: 'The brokers of the log.' },
    },
    channels: { socket, ...topicChannels(records) },
    operations: byName([...ops.map(requestOperation), ...pushes.map(pushOperation)]),
    components: { schemas: byName(shared) },
  }
}

const ops = (Object.keys(requestSchemas) as RequestOp[]).sort()
const { ok: _, error: errorSchema, event: __, ...otherPushes } = serverSchemas

/** A push of an event: one of those that clients know, with `op` before it. */
const eventPush = Type.Object({ op: Type.Literal('event') })

const pushes: readonly string[] = ['event', ...Object.keys(otherPushes)].sort()

const socketChannel = (shared: SharedSchemas): JsonObject => ({
  address: '/v1/socket',
  title: 'The socket',
  description:
    'A WebSocket with subprotocol `chat.v1`, one JSON object a text frame, at most 64 KiB from a client. The first frame is `hello`.',
  servers: [{ $ref: '#/servers/connector' }],
  bindings: { ws: { method: 'GET' } },
  messages: byName([
    ...ops.flatMap((op) => [
      [`request.${op}`, message(op, requestSchemas[op], shared)] as const,
      [`ok.${op}`, message(`ok (${op})`, okSchemaOf(op), shared)] as const,
    ]),
    ['error', message('error', errorSchema, shared)],
    ['push.event', { name: 'event', contentType: 'application/json', payload: eventPushSchema(shared) }],
    ...Object.entries<TSchema>(otherPushes).map(([op, schema]) => [`push.${op}`, message(op, schema, shared)] as const),
  ]),
})

/** One alternative for each type. */
const eventPushSchema = (shared: SharedSchemas): JsonObject => {
  const { anyOf } = jsonSchemaOf(pushedEvent, shared)
  const op = jsonSchemaOf(eventPush, shared)
  const withOp = (event: JsonObject): JsonObject => ({
    ...event,
    required: ['op', ...(event.required as readonly string[])],
    properties: { ...(op.properties as JsonObject), ...(event.properties as JsonObject) },
  })
  return { anyOf: (anyOf as readonly JsonObject[]).filter(isObject).map(withOp) }
}

const message = (name: string, schema: TSchema, shared: SharedSchemas): JsonObject => ({
  name,
  contentType: 'application/json',
  payload: jsonSchemaOf(schema, shared),
})

const channel = { $ref: '#/channels/socket' } as const
const messageRef = (name: string): JsonObject => ({ $ref: `#/channels/socket/messages/${name}` })

const requestOperation = (op: RequestOp): readonly [string, JsonObject] => [
  op,
  {
    action: 'receive',
    channel,
    messages: [messageRef(`request.${op}`)],
    reply: { channel, messages: [messageRef(`ok.${op}`), messageRef('error')] },
  },
]

const pushOperation = (op: string): readonly [string, JsonObject] => [
  `push.${op}`,
  { action: 'send', channel, messages: [messageRef(`push.${op}`)] },
]
