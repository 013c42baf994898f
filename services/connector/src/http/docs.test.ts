import { readFileSync } from 'node:fs'
import { createHealth, createMetrics } from '@chat/runtime'
import { httpReads, httpRoutes } from '@chat/schemas/protocol'
import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import type { Api } from '../ports.ts'
import { addDocs } from './docs.ts'
import { addProbes } from './probes.ts'
import { addRoutes } from './routes.ts'

const setUp = async () => {
  const app = fastify()
  addDocs(app)
  await app.ready()
  return app
}

test.each(['asyncapi.json', 'openapi.json'])('serves %s as it is checked in', async (name) => {
  const app = await setUp()
  const { headers, body } = await app.inject(`/docs/${name}`)
  expect(headers['content-type']).toContain('application/json')
  expect(body).toBe(readFileSync(new URL(`../../../../docs/protocol/${name}`, import.meta.url), 'utf8'))
  const again = await app.inject({ url: `/docs/${name}`, headers: { 'if-none-match': String(headers.etag) } })
  expect(again).toMatchObject({ statusCode: 304, body: '' })
})

test('the page shows every op and path, refers to nothing outside and runs no script', async () => {
  const app = await setUp()
  const { headers, body } = await app.inject('/docs')
  expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8' })
  expect(headers['content-security-policy']).toContain("default-src 'none'")
  for (const shown of ['<h3>send</h3>', '<h3>POST /v1/sessions</h3>', '<h3>chat.events.v1</h3>', 'message-posted.v1'])
    expect(body).toContain(shown)
  expect(body).not.toMatch(/<script|https?:\/\/(?!localhost)|undefined|\[object/)
  const targets = [...body.matchAll(/href="#([^"]+)"/g)].map(([, id]) => `id="${id}"`)
  expect(targets.length).toBeGreaterThan(0)
  expect(targets.filter((id) => !body.includes(id))).toEqual([])
})

test('what is served is what is documented', async () => {
  const served: string[] = []
  const app = fastify({ exposeHeadRoutes: false })
  app.addHook('onRoute', ({ method, url }) => void served.push(`${method} ${url}`))
  addRoutes(app, {} as Api)
  addProbes(app, createHealth(), createMetrics({ withProcess: 'bare' }))
  addDocs(app)
  await app.ready()
  const documented = [...httpRoutes, ...httpReads.map(({ path }) => ({ method: 'GET', path }))]
  expect(served.toSorted()).toEqual(documented.map(({ method, path }) => `${method} ${path}`).toSorted())
})
