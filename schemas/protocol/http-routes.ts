import { type TProperties, type TSchema, Type } from 'typebox'
import { gatewayAnswer, passwordResetAnswer, registrationAnswer, sessionAnswer } from './answers/index.ts'
import type { ErrorCode } from './codes.ts'
import { strict } from './fields.ts'
import { loginSchema, passwordResetSchema, refreshSchema, registrationSchema } from './http.ts'
import { operatorRoutes } from './operator-routes.ts'

/** One path of HTTP that is no read (those are in http-reads.ts). `:id` is a parameter. PROTOCOL §1. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly summary: string
  /** Whether it needs an access token. */
  readonly access: 'bearer' | 'open'
  readonly body?: TSchema
  /** Its query parameters; all may be left out. */
  readonly query?: TProperties
  /** Body and answer are frames of the socket. */
  readonly takesFrames?: true
  readonly status: number
  /** Absent: the answer has no body. */
  readonly answer?: { readonly contentType: string; readonly schema: TSchema }
  /** Codes of its refusals, beside those that any request can meet. */
  readonly refusals: readonly ErrorCode[]
}

const json = (schema: TSchema) => ({ contentType: 'application/json', schema })
const text = (contentType: string) => ({ contentType, schema: Type.String() })

export const httpRoutes: readonly HttpRoute[] = [
  {
    ...{ method: 'POST', path: '/v1/users', access: 'open', body: registrationSchema, status: 201 },
    summary:
      'Registers an account. With a `clientMsgId` it may be repeated; whoever repeats it needs the same password.',
    ...{ answer: json(registrationAnswer), refusals: ['name_taken'] },
  },
  {
    ...{ method: 'POST', path: '/v1/sessions', access: 'open', body: loginSchema, status: 201 },
    summary:
      'Logs in, by password or by a token of the host application. A wrong password and an unknown name get the same answer in the same time.',
    ...{ answer: json(sessionAnswer), refusals: ['bad_credentials', 'name_taken'] },
  },
  {
    ...{ method: 'POST', path: '/v1/password-resets', access: 'open', body: passwordResetSchema, status: 200 },
    summary: 'Sets a password by a one-time code that an operator gave out. All sessions of the account end.',
    ...{ answer: json(passwordResetAnswer), refusals: ['bad_credentials'] },
  },
  {
    ...{ method: 'POST', path: '/v1/sessions/refresh', access: 'open', body: refreshSchema, status: 200 },
    summary:
      'Trades a refresh token for a new pair. The old one is spent once the new one was used, at the latest after 60 s.',
    ...{ answer: json(sessionAnswer), refusals: ['unauthorized'] },
  },
  {
    ...{ method: 'DELETE', path: '/v1/sessions/current', access: 'bearer', status: 204, refusals: [] },
    summary: 'Ends the session. Its sockets close with 4401 within 5 s on every connector.',
  },
  {
    ...{ method: 'GET', path: '/v1/me/export', access: 'bearer', status: 200, refusals: ['rate_limited'] },
    summary:
      'Everything of one’s own as JSON lines: profile, conversations, messages; the last says `end`. At most once a day.',
    answer: text('application/jsonl'),
  },
  {
    ...{ method: 'GET', path: '/v1/gateway', access: 'open', status: 200, refusals: [] },
    summary: 'Where to open a socket: the connectors, the least loaded ready one first.',
    answer: json(gatewayAnswer),
  },
  {
    ...{ method: 'POST', path: '/v1/requests', access: 'bearer', status: 200, refusals: [] },
    summary: 'Any request frame that needs no socket; `ref` may be left out. Refused with the same codes.',
    takesFrames: true,
  },
  {
    ...{ method: 'GET', path: '/healthz', access: 'open', status: 200, refusals: [] },
    summary: 'Is it alive?',
    answer: json(Type.Object({ status: Type.Literal('ok') })),
  },
  {
    ...{ method: 'GET', path: '/readyz', access: 'open', status: 200, refusals: [] },
    summary: 'Does it take connections? 503 with the reasons if it does not.',
    answer: json(Type.Object({ ready: Type.Boolean(), reasons: Type.Record(Type.String(), Type.String()) })),
  },
  {
    ...{ method: 'GET', path: '/metrics', access: 'open', status: 200, refusals: [] },
    summary: 'Metrics in the format of Prometheus.',
    answer: text('text/plain'),
  },
  {
    ...{ method: 'GET', path: '/docs', access: 'open', status: 200, refusals: [] },
    summary: 'These documents as a page.',
    answer: text('text/html'),
  },
  {
    ...{ method: 'GET', path: '/docs/asyncapi.json', access: 'open', status: 200, refusals: [] },
    summary: 'The socket and the topics, as an AsyncAPI document.',
    answer: json(Type.Object({ asyncapi: Type.String() })),
  },
  {
    ...{ method: 'GET', path: '/docs/openapi.json', access: 'open', status: 200, refusals: [] },
    summary: 'HTTP, as an OpenAPI document.',
    answer: json(Type.Object({ openapi: Type.String() })),
  },
  ...Object.values(operatorRoutes).map(
    ({ method, path, summary, fields, answer, refusals }): HttpRoute => ({
      ...{ method, path, summary, access: 'bearer', status: 200 },
      ...(method === 'GET' ? { query: fields } : { body: Type.Object(fields, strict) }),
      ...{ answer: json(Type.Object(answer)), refusals: ['not_found', ...refusals] },
    }),
  ),
]
