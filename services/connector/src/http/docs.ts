import { createHash } from 'node:crypto'
import { schemas } from '@chat/schemas'
import { asyncApiDocument, type JsonObject, openApiDocument, type PublishedRecords } from '@chat/schemas/documents'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { docsPage } from './docs-page.ts'

/** Nothing but its own style sheet; there is no script in it. */
const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

interface Served {
  readonly type: string
  readonly content: Buffer
  readonly etag: string
}

/** `/docs`: the documents of the protocol for people, and as they are. Made when first asked for, from the schemas this process runs with. */
export const addDocs = (app: FastifyInstance): void => {
  const asyncApi = once(() => asyncApiDocument(schemas as unknown as PublishedRecords))
  const openApi = once(openApiDocument)
  const serve = (path: string, make: () => Served) => {
    const served = once(make)
    app.get(path, (request: FastifyRequest, reply: FastifyReply) => {
      const { type, content, etag } = served()
      reply.header('etag', etag).header('cache-control', 'no-cache').header('content-security-policy', policy)
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      return reply.type(type).send(content)
    })
  }
  serve('/docs', () => servedAs('text/html; charset=utf-8', docsPage(asyncApi(), openApi())))
  serve('/docs/asyncapi.json', () => servedAs(json, textOf(asyncApi())))
  serve('/docs/openapi.json', () => servedAs(json, textOf(openApi())))
}

const json = 'application/json; charset=utf-8'

const textOf = (document: JsonObject): string => `${JSON.stringify(document, undefined, 2)}\n`

const servedAs = (type: string, text: string): Served => {
  const content = Buffer.from(text)
  return { type, content, etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"` }
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
