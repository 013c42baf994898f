import type { TProperties } from 'typebox'
import { okSchemaOf } from '../../protocol/answers/index.ts'
import { type ErrorCode, errorStatus } from '../../protocol/codes.ts'
import { type RequestOp, requestSchemas, socketOps } from '../../protocol/frames.ts'
import { type HttpRead, httpReads } from '../../protocol/http-reads.ts'
import { type HttpRoute, httpRoutes } from '../../protocol/http-routes.ts'
import { byName, isObject, type JsonObject, jsonSchemaOf, type SharedSchemas } from './json-schema.ts'

/** OpenAPI 3.1: every path of HTTP. */
export const openApiDocument = (): JsonObject => {
  const shared: SharedSchemas = new Map()
  const paths = pathsOf([
    ...httpRoutes.map((route) => routeItem(route, shared)),
    ...httpReads.map((read) => readItem(read, shared)),
  ])
  return {
    openapi: '3.1.0',
    info: {
      title: 'chat.v1 by HTTP',
      version: '1.0.0',
      description:
        'Accounts, sessions, reads, and every request that needs no socket. Made from the schemas that validate the traffic. Bodies with fields that are not named here are refused; clients ignore fields that they do not know.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://localhost:8080' }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'The access token of a session.' } },
      schemas: byName([...shared, ['Problem', problem]]),
    },
  }
}

const frameOps = (Object.keys(requestSchemas) as RequestOp[]).filter((op) => !socketOps.has(op)).sort()

interface PathItem {
  readonly path: string
  readonly method: string
  readonly operation: JsonObject
}

const pathsOf = (items: readonly PathItem[]): JsonObject => {
  const paths = new Map<string, JsonObject>()
  for (const { path, method, operation } of items) {
    const name = path.replaceAll(/:(\w+)/g, '{$1}')
    paths.set(name, { ...paths.get(name), [method]: operation })
  }
  return byName(paths)
}

const routeItem = (route: HttpRoute, shared: SharedSchemas): PathItem => {
  const { method, path, summary, access, body, query, takesFrames, status, answer, refusals } = route
  const requestBody = takesFrames
    ? framesOf((op) => jsonSchemaOf(requestSchemas[op], shared))
    : body && jsonSchemaOf(body, shared)
  const [contentType, schema] = takesFrames
    ? ['application/json', framesOf((op) => jsonSchemaOf(okSchemaOf(op), shared))]
    : [answer?.contentType, answer && jsonSchemaOf(answer.schema, shared)]
  const parameters = [...pathParameters(path), ...queryParameters(query, shared), ...(takesFrames ? [minPos] : [])]
  const operation = {
    ...{ summary, operationId: `${method.toLowerCase()} ${path}` },
    ...(access === 'bearer' ? { security: [{ bearer: [] }] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(requestBody
      ? { requestBody: { required: true, content: { 'application/json': { schema: requestBody } } } }
      : {}),
    responses: {
      [status]: {
        description: status === 204 ? 'Done.' : 'The answer.',
        ...(contentType && schema ? { content: { [contentType]: { schema } } } : {}),
      },
      ...(path === '/readyz' && contentType && schema
        ? { 503: { description: 'Not ready.', content: { [contentType]: { schema } } } }
        : problems(refusals)),
    },
  }
  return { path, method: method.toLowerCase(), operation }
}

const readItem = (read: HttpRead, shared: SharedSchemas): PathItem => {
  const frame = frameFieldsOf(read, shared)
  const { op: _, ref: __, [read.param?.field ?? '']: own, ...query } = frame.fields
  const answer = withoutFields(jsonSchemaOf(okSchemaOf(read.op), shared), ['op', 'ref'])
  const operation = {
    summary: `The answer of \`${read.op}\`, without \`op\` and \`ref\`.`,
    operationId: `get ${read.path}`,
    security: [{ bearer: [] }],
    parameters: [
      ...(own === undefined ? [] : [{ name: 'id', in: 'path', required: true, schema: own }]),
      ...Object.entries(query).map(([name, schema]) => ({
        ...{ name: parameterOf(read, name), in: 'query', required: frame.required.includes(name), schema },
      })),
      minPos,
    ],
    responses: {
      200: { description: 'The answer.', content: { 'application/json': { schema: answer } } },
      ...problems([]),
    },
  }
  return { path: read.path, method: 'get', operation }
}

/** The query parameter that a field is given by. */
const parameterOf = ({ renamed = {} }: HttpRead, field: string): string =>
  Object.entries(renamed).find(([, of]) => of === field)?.[0] ?? field

interface FrameFields {
  readonly fields: JsonObject
  readonly required: readonly string[]
}

/** Of several forms of a frame, the one that has the field that the path gives. */
const frameFieldsOf = ({ op, param }: HttpRead, shared: SharedSchemas): FrameFields => {
  const schema = jsonSchemaOf(requestSchemas[op], shared)
  const forms = (Array.isArray(schema.anyOf) ? schema.anyOf : [schema]).filter(isObject)
  const form = forms.find(
    ({ properties }) => param === undefined || (isObject(properties) && param.field in properties),
  )
  if (form === undefined || !isObject(form.properties)) throw new Error(`${op} has no field ${param?.field}`)
  return { fields: { ...form.properties }, required: (form.required ?? []) as readonly string[] }
}

const pathParameters = (path: string): readonly JsonObject[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))

const queryParameters = (query: TProperties | undefined, shared: SharedSchemas): readonly JsonObject[] =>
  Object.entries(query ?? {}).map(([name, schema]) => ({
    ...{ name, in: 'query', required: false, schema: jsonSchemaOf(schema, shared) },
  }))

const minPos: JsonObject = {
  ...{ name: 'minPos', in: 'query', required: false, schema: { type: 'string' } },
  description: 'A position: the read waits up to 500 ms until it is there, and past that says `stale`.',
}

/** Frames with `ref` left to the client. */
const framesOf = (schemaOf: (op: RequestOp) => JsonObject): JsonObject => ({
  anyOf: frameOps.flatMap((op) => {
    const { anyOf } = schemaOf(op)
    return (Array.isArray(anyOf) ? anyOf : [schemaOf(op)]).filter(isObject).map(withOptionalRef)
  }),
})

const withOptionalRef = (frame: JsonObject): JsonObject => ({
  ...frame,
  required: (frame.required as readonly string[]).filter((name) => name !== 'ref'),
})

const withoutFields = (schema: JsonObject, names: readonly string[]): JsonObject => ({
  ...schema,
  required: (schema.required as readonly string[]).filter((name) => !names.includes(name)),
  properties: Object.fromEntries(
    Object.entries(schema.properties as JsonObject).filter(([name]) => !names.includes(name)),
  ),
})

const problem: JsonObject = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(errorStatus).sort() },
    detail: { type: 'string' },
    retryAfterMs: { type: 'integer', minimum: 0 },
  },
}

/** By what they are answered with: the named ones, and any other problem, which every request can meet. */
const problems = (codes: readonly ErrorCode[]): JsonObject => {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  const statuses = Map.groupBy(codes, (code) => errorStatus[code])
  const named = [...statuses].map(([status, of]) => [
    status,
    { description: of.map((code) => `\`${code}\``).join(', '), content },
  ])
  return { ...Object.fromEntries(named), default: { description: 'Refused, or not possible at the moment.', content } }
}
