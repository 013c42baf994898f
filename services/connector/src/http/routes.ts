import { Readable } from 'node:stream'
import { httpReads } from '@chat/schemas/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Answer, Api, Identity } from '../ports.ts'
import { addOperatorRoutes } from './operator-routes.ts'
import { refusal, sendProblem } from './problems.ts'
import { minPosOf, readRequest } from './reads.ts'

const unauthorized = refusal('unauthorized', 'a valid access token is needed')

/** PROTOCOL §1: each route is one call of the api; statuses of refusals come from their codes. */
export const addRoutes = (app: FastifyInstance, api: Api): void => {
  app.post('/v1/users', async ({ body, ip }, reply) => send(reply, await api.register(body, ip), 201))
  app.post('/v1/sessions', async ({ body, ip }, reply) => send(reply, await api.logIn(body, ip), 201))
  app.post('/v1/sessions/refresh', async ({ body }, reply) => send(reply, await api.refresh(body), 200))
  app.post('/v1/password-resets', async ({ body, ip }, reply) => send(reply, await api.resetPassword(body, ip), 200))
  app.get('/v1/gateway', async (_, reply) => send(reply, await api.gateway(), 200))
  app.delete('/v1/sessions/current', async (request, reply) => {
    const identity = await identityOf(api, request)
    if (identity === undefined) return sendProblem(reply, unauthorized)
    const answer = await api.endSession(identity)
    return 'ok' in answer ? reply.code(204).send() : sendProblem(reply, answer)
  })
  app.post('/v1/requests', async (request, reply) => {
    const identity = await identityOf(api, request)
    if (identity === undefined) return sendProblem(reply, unauthorized)
    const { frame, ref } = frameOf(request.body)
    const { minPos } = request.query as Record<string, unknown>
    const answer = await api.request(identity, frame, minPosOf(minPos))
    return send(reply, 'ok' in answer ? { ok: { op: 'ok', ...ref, ...answer.ok } } : answer, 200)
  })
  app.get('/v1/me/export', async (request, reply) => {
    const identity = await identityOf(api, request)
    if (identity === undefined) return sendProblem(reply, unauthorized)
    const found = await api.exportOwn(identity)
    if (!('lines' in found)) return send(reply, found, 200)
    reply.raw.once('close', found.done)
    // Taken as fast as the client reads; a failure in between cuts the connection, and the last line is missing.
    return reply.type('application/jsonl; charset=utf-8').send(Readable.from(found.lines))
  })
  addOperatorRoutes(app, api, (request) => identityOf(api, request))
  for (const read of httpReads) {
    app.get(read.path, async (request, reply) => {
      const identity = await identityOf(api, request)
      if (identity === undefined) return sendProblem(reply, unauthorized)
      const { frame, minPos } = readRequest(read, request)
      return send(reply, await api.request(identity, frame, minPos), 200)
    })
  }
}

const send = (reply: FastifyReply, answer: Answer, status: number): FastifyReply =>
  'ok' in answer ? reply.code(status).send(answer.ok) : sendProblem(reply, answer)

const identityOf = async (api: Api, request: FastifyRequest): Promise<Identity | undefined> => {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  return token === undefined ? undefined : api.authenticate(token)
}

/** HTTP pairs request and answer by itself, so a frame may come without `ref`; one that has it gets it back. */
const frameOf = (body: unknown): { readonly frame: unknown; readonly ref: { readonly ref?: unknown } } => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { frame: body, ref: {} }
  return 'ref' in body ? { frame: body, ref: { ref: body.ref } } : { frame: { ...body, ref: 0 }, ref: {} }
}
