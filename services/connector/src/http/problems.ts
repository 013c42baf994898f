import type { Logger } from '@chat/runtime'
import { type ErrorCode, errorStatus } from '@chat/schemas/protocol'
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { nothingHere } from '../answer.ts'
import type { Answer } from '../ports.ts'

const problemType = 'application/problem+json; charset=utf-8'

export type Refusal = Extract<Answer, { readonly error: ErrorCode }>

export const refusal = (error: ErrorCode, message: string, retryAfterMs?: number): Refusal =>
  retryAfterMs === undefined ? { error, message } : { error, message, retryAfterMs }

/** RFC 9457. `title` is the same for every occurrence of a code, `detail` tells this one. */
const problemBody = ({ error, message, retryAfterMs }: Refusal) => ({
  type: `urn:chat:problem:${error}`,
  title: `${error.charAt(0).toUpperCase()}${error.slice(1).replaceAll('_', ' ')}`,
  status: errorStatus[error],
  code: error,
  detail: message,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})

export const sendProblem = (reply: FastifyReply, refused: Refusal): FastifyReply => {
  if (refused.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(refused.retryAfterMs / 1000))
  if (refused.error === 'unauthorized') reply.header('www-authenticate', 'Bearer')
  return reply
    .code(errorStatus[refused.error])
    .type(problemType)
    .send(JSON.stringify(problemBody(refused)))
}

/** Every failure below the routes as a problem: what the client did wrong by its code, everything else `internal`, logged once. */
export const handleErrors = (app: FastifyInstance, logger: Logger): void => {
  app.setNotFoundHandler((_, reply) => sendProblem(reply, nothingHere))
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const refused = refusalOf(error)
    if (refused.error === 'internal') {
      logger.error({ err: error, method: request.method, route: request.routeOptions.url }, 'request failed')
    }
    return sendProblem(reply, refused)
  })
}

/** The framework's own errors carry a status; one below 500 is the client's. Their messages name no internals. */
export const refusalOf = (error: FastifyError): Refusal => {
  const { statusCode, code } = error
  const isClients = statusCode !== undefined && statusCode >= 400 && statusCode < 500 && code?.startsWith('FST_')
  if (statusCode === 413 && isClients) return refusal('too_large', 'the body is larger than 64 KiB')
  if (isClients) return refusal('invalid', error.message)
  // It went away in the middle of its body; nobody reads this.
  if (statusCode === 400 && code === 'ECONNRESET') return refusal('invalid', 'the body was cut off')
  // secure-json-parse and JSON.parse throw SyntaxErrors with status 400: the body is not JSON, or names __proto__.
  if (statusCode === 400 && error instanceof SyntaxError) return refusal('invalid', 'the body is not JSON')
  return refusal('internal', 'something went wrong here')
}

/** What a connection gets whose bytes are no HTTP request, or come too slowly; then it is closed. */
export const rawProblem = (errorCode: string | undefined): string => {
  const [status, phrase, detail] =
    errorCode === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large', 'the header is too large']
      : errorCode === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout', 'the request came too slowly']
        : [400, 'Bad Request', 'this is not HTTP']
  const body = JSON.stringify({ ...problemBody(refusal('invalid', String(detail))), status })
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
