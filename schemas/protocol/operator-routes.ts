import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { pageOf, time, token, userView, written } from './answers/parts.ts'
import type { ErrorCode } from './codes.ts'
import { eventSchemas } from './events.ts'
import { conversation, name, pageCursor, pageLimit, repeatable, seq, strict, text, title, userId } from './fields.ts'
import {
  descriptionCodePointsMax,
  noticeCodePointsMax,
  queryCodePointsMax,
  reasonCodePointsMax,
  reportIdCodePointsMax,
} from './limits.ts'
import { type ParsedBody, problemOf } from './problem.ts'

/** An account as operators see it. */
const accountView = Type.Object(
  {
    user: userView,
    operatorSince: Type.Optional(time),
    suspension: Type.Optional(
      Type.Object({ at: time, by: userId, reason: Type.String() }, { description: 'Absent: he is not suspended.' }),
    ),
  },
  { title: 'Account' },
)

/** What somebody told operators of a message. */
const reportView = Type.Object(
  {
    id: token('Names this report; who reports the message again makes another one.'),
    conversation,
    seq,
    by: userId,
    author: userId,
    reason: Type.String(),
    at: time,
    message: Type.Optional(eventSchemas.messagePosted),
    done: Type.Optional(
      Type.Object(
        { at: time, by: userId },
        { description: 'The operator who was done with it last; absent: it is open.' },
      ),
    ),
  },
  { title: 'Report', description: '`message`: as it is now.' },
)

const page = { after: Type.Optional(pageCursor), limit: Type.Optional(pageLimit) }
const reason = text(1, reasonCodePointsMax)

/** One request of an operator, by its act. `param`: the field of the input that the path gives; `fields`: the query, or the body. */
interface OperatorRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly summary: string
  readonly param?: 'user' | 'report'
  readonly fields: TProperties
  readonly answer: TProperties
  readonly refusals: readonly ErrorCode[]
}

/** Everything below `/v1/operator/`. To whoever is no operator it is not there. PROTOCOL §1. */
export const operatorRoutes = {
  users: {
    ...{ method: 'GET', path: '/v1/operator/users', refusals: [] },
    summary: 'Accounts whose name or display name begins with `query`, by name.',
    fields: {
      query: Type.Optional(text(0, queryCodePointsMax)),
      ...page,
    },
    answer: pageOf(accountView),
  },
  user: {
    ...{ method: 'GET', path: '/v1/operator/users/:id', param: 'user', refusals: ['no_such_user'] },
    ...{ summary: 'One account.', fields: {}, answer: { account: accountView } },
  },
  suspend: {
    ...{ method: 'POST', path: '/v1/operator/users/:id/suspend', param: 'user' },
    summary: 'Suspends an account: within 5 s its sockets close with 4403 and everything it asks is refused.',
    ...{ fields: { reason, ...repeatable }, answer: written, refusals: ['no_such_user', 'forbidden'] },
  },
  reinstate: {
    ...{ method: 'POST', path: '/v1/operator/users/:id/reinstate', param: 'user' },
    summary: 'Ends a suspension.',
    ...{ fields: { reason, ...repeatable }, answer: written, refusals: ['no_such_user', 'forbidden'] },
  },
  reports: {
    ...{ method: 'GET', path: '/v1/operator/reports', refusals: [] },
    summary: 'What people reported, the newest first; each person once for each message. With `state` only these.',
    ...{ fields: { ...page, state: Type.Optional(Type.Enum(['open', 'done'])) }, answer: pageOf(reportView) },
  },
  reportDone: {
    ...{ method: 'POST', path: '/v1/operator/reports/:id/done', param: 'report', refusals: ['unavailable'] },
    summary: 'Marks a report as done. `not_found`: there is none, or he who made it has made another since.',
    ...{ fields: repeatable, answer: written },
  },
  deleteMessage: {
    ...{ method: 'POST', path: '/v1/operator/messages/delete' },
    summary: 'Deletes any message for everybody.',
    ...{ fields: { conversation, seq, ...repeatable }, answer: written },
    refusals: ['no_such_conversation', 'no_such_message', 'unavailable'],
  },
  notice: {
    ...{ method: 'POST', path: '/v1/operator/notices', refusals: ['too_many', 'forbidden'] },
    summary: 'Tells everybody who is connected now, as `notice` with code `announcement`; once in 10 s.',
    ...{ fields: { text: text(1, noticeCodePointsMax), ...repeatable }, answer: written },
  },
  createRoom: {
    ...{ method: 'POST', path: '/v1/operator/rooms', refusals: ['name_taken', 'forbidden'] },
    summary: 'Makes an online room: everybody takes part in it while connected, and nobody has to join.',
    fields: { name, title, description: Type.Optional(text(0, descriptionCodePointsMax)), ...repeatable },
    answer: { ...written, groupId: Type.Optional(userId) },
  },
  closeRoom: {
    ...{ method: 'POST', path: '/v1/operator/rooms/close', refusals: ['no_such_conversation', 'forbidden'] },
    ...{ summary: 'Closes an online room: only reading remains.', answer: written },
    fields: { conversation, ...repeatable },
  },
} as const satisfies Readonly<Record<string, OperatorRoute>>

export type OperatorAct = keyof typeof operatorRoutes

const suspension = Type.Object({ user: userId, ...operatorRoutes.suspend.fields }, strict)
const inputs = {
  users: Type.Object(operatorRoutes.users.fields, strict),
  user: Type.Object({ user: userId }, strict),
  suspend: suspension,
  reinstate: suspension,
  reports: Type.Object(operatorRoutes.reports.fields, strict),
  reportDone: Type.Object({ report: text(1, reportIdCodePointsMax), ...operatorRoutes.reportDone.fields }, strict),
  deleteMessage: Type.Object(operatorRoutes.deleteMessage.fields, strict),
  notice: Type.Object(operatorRoutes.notice.fields, strict),
  createRoom: Type.Object(operatorRoutes.createRoom.fields, strict),
  closeRoom: Type.Object(operatorRoutes.closeRoom.fields, strict),
} as const satisfies Readonly<Record<OperatorAct, TSchema>>

/** What an operator asks, with the path's parameter among its fields. */
export type OperatorRequest = {
  readonly [Act in OperatorAct]: { readonly act: Act; readonly input: Static<(typeof inputs)[Act]> }
}[OperatorAct]

const validators = new Map(Object.entries(inputs).map(([act, schema]) => [act, Compile<TSchema>(schema)]))

/** Never throws, whatever the input is. */
export const parseOperatorRequest = (act: OperatorAct, input: unknown): ParsedBody<OperatorRequest> => {
  const validator = validators.get(act)
  if (validator === undefined || !validator.Check(input))
    return { error: 'invalid', message: problemOf(validator?.Errors(input) ?? []) }
  return { value: { act, input } as OperatorRequest }
}
