import { type OperatorAct, operatorRoutes } from '@chat/schemas/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { nothingHere } from '../answer.ts'
import type { Api, Identity } from '../ports.ts'
import { sendProblem } from './problems.ts'
import { numberOf } from './reads.ts'

/** Where an authenticated operator is kept between the guard and the handler of a request. */
const operators = new WeakMap<FastifyRequest, Identity>()

/**
 * The routes of operators. Who asks is looked at before anything of the request is: whoever is none is answered like on a path that is
 * not there, whatever he sends. PROTOCOL §1.
 */
export const addOperatorRoutes = (
  app: FastifyInstance,
  api: Pick<Api, 'operator'>,
  identityOf: (request: FastifyRequest) => Promise<Identity | undefined>,
): void => {
  const guard = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const identity = await identityOf(request)
    if (identity === undefined) return sendProblem(reply, nothingHere)
    const refused = await api.operator.admit(identity)
    if (refused !== undefined) return sendProblem(reply, refused)
    operators.set(request, identity)
    return undefined
  }
  for (const [act, route] of Object.entries(operatorRoutes))
    app.route({
      ...{ method: route.method, url: route.path, onRequest: guard },
      handler: async (request, reply) => {
        const identity = operators.get(request)
        if (identity === undefined) return sendProblem(reply, nothingHere)
        const answer = await api.operator.act(identity, act as OperatorAct, inputOf(route, request))
        return 'ok' in answer ? reply.code(200).send(answer.ok) : sendProblem(reply, answer)
      },
    })
}

/** What is asked: the query or the body, and what the path says, which neither of them replaces. */
const inputOf = (
  { method, ...route }: (typeof operatorRoutes)[OperatorAct],
  { query, body, params }: FastifyRequest,
): unknown => {
  const given = method === 'GET' ? queryOf(query as Readonly<Record<string, unknown>>) : body
  if (!('param' in route)) return given
  if (typeof given !== 'object' || given === null || Array.isArray(given) || route.param in given) return undefined
  return { ...given, [route.param]: numberOf((params as Readonly<Record<string, unknown>>).id) }
}

const queryOf = ({ limit, ...query }: Readonly<Record<string, unknown>>) =>
  limit === undefined ? query : { ...query, limit: numberOf(limit) }
