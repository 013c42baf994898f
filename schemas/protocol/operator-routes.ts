import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { pageOf, time, userView, written } from './answers/parts.ts'
import type { ErrorCode } from './codes.ts'
import { clientMsgId, pageCursor, pageLimit, strict, text, userId } from './fields.ts'
import { noticeCodePointsMax, queryCodePointsMax, reasonCodePointsMax } from './limits.ts'
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

const reason = text(1, reasonCodePointsMax)
const repeatable = { clientMsgId: Type.Optional(clientMsgId) }

/** One request of an operator, by its act. `param`: the field of the input that the path gives; `fields`: the query, or the body. */
interface OperatorRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly summary: string
  readonly param?: 'user'
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
      after: Type.Optional(pageCursor),
      limit: Type.Optional(pageLimit),
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
  notice: {
    ...{ method: 'POST', path: '/v1/operator/notices', refusals: ['too_many'] },
    summary: 'Tells everybody who is connected now, as `notice` with code `announcement`; once in 10 s.',
    ...{ fields: { text: text(1, noticeCodePointsMax), ...repeatable }, answer: written },
  },
} as const satisfies Readonly<Record<string, OperatorRoute>>

export type OperatorAct = keyof typeof operatorRoutes

const suspension = Type.Object({ user: userId, ...operatorRoutes.suspend.fields }, strict)
const inputs = {
  users: Type.Object(operatorRoutes.users.fields, strict),
  user: Type.Object({ user: userId }, strict),
  suspend: suspension,
  reinstate: suspension,
  notice: Type.Object(operatorRoutes.notice.fields, strict),
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
