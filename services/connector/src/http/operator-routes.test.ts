import { createHealth, createMetrics, silentLogger } from '@chat/runtime'
import { expect, test } from 'vitest'
import { nothingHere } from '../answer.ts'
import type { Api } from '../ports.ts'
import { buildApp } from './server.ts'

/** An application in which user 1 is an operator; what his acts are called with is kept. */
const setUp = async () => {
  const acts: unknown[] = []
  const api = {
    limit: () => undefined,
    authenticate: async (token: string) => {
      const userId = Number(token)
      return userId > 0 ? { userId, sessionId: 's', device: 'd' } : undefined
    },
    operator: {
      admit: async ({ userId }: { readonly userId: number }) => (userId === 1 ? undefined : nothingHere),
      act: async (_: unknown, act: string, input: unknown) => {
        acts.push([act, input])
        return { ok: {} }
      },
    },
  } as unknown as Api
  const accept = () => ({ onFrame: () => {}, onBinary: () => {}, onPong: () => {}, onClose: () => {} })
  const handlers = { accept, api, health: createHealth(), metrics: createMetrics({ withProcess: 'bare' }) }
  const { app } = await buildApp(handlers, { logger: silentLogger, trustedProxies: 0 })
  const ask = async (method: 'GET' | 'POST', url: string, token: string | undefined, body?: string) => {
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const answer = await app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) })
    return { status: answer.statusCode, type: answer.headers['content-type'], body: answer.body }
  }
  return { ask, acts }
}

test('the query, the body and the path become the input of an act', async () => {
  const { ask, acts } = await setUp()
  expect(await ask('GET', '/v1/operator/users?query=an&limit=5', '1')).toMatchObject({ status: 200 })
  await ask('GET', '/v1/operator/users/7', '1')
  await ask('POST', '/v1/operator/users/7/suspend', '1', '{"reason":"spam"}')
  await ask('POST', '/v1/operator/notices', '1', '{"text":"hi"}')
  await ask('GET', '/v1/operator/reports?state=open', '1')
  await ask('POST', '/v1/operator/reports/MS41/done', '1', '{}')
  expect(acts).toEqual([
    ['users', { query: 'an', limit: 5 }],
    ['user', { user: 7 }],
    ['suspend', { user: 7, reason: 'spam' }],
    ['notice', { text: 'hi' }],
    ['reports', { state: 'open' }],
    ['reportDone', { report: 'MS41' }],
  ])
})

test('nothing replaces what the path says', async () => {
  const { ask, acts } = await setUp()
  await ask('POST', '/v1/operator/users/7/suspend', '1', '{"reason":"spam","user":8}')
  await ask('GET', '/v1/operator/users/7?user=8', '1')
  expect(acts).toEqual([
    ['suspend', undefined],
    ['user', undefined],
  ])
})

test.each<['GET' | 'POST', string, string | undefined]>([
  ['GET', '/v1/operator/users', undefined],
  ['GET', '/v1/operator/users?limit=0', undefined],
  ['GET', '/v1/operator/users/7', undefined],
  [`GET`, `/v1/operator/users/${'7'.repeat(65)}`, undefined],
  ['POST', '/v1/operator/users/7/suspend', '{"reason":"spam"}'],
  ['GET', '/v1/operator/reports', undefined],
  ['POST', '/v1/operator/reports/MS41/done', '{}'],
  ['POST', '/v1/operator/messages/delete', '{"conversation":"d1.2","seq":1}'],
  ['POST', '/v1/operator/notices', 'no json'],
  ['POST', '/v1/operator/notices', `"${'x'.repeat(70_000)}"`],
])('to whoever is no operator %s %s is like a path that is not there', async (method, url, body) => {
  const { ask, acts } = await setUp()
  const absent = await ask(method, '/v1/operator/nothing', '2', body)
  expect(absent).toMatchObject({ status: 404, type: expect.stringContaining('application/problem+json') })
  expect(await ask(method, url, '2', body)).toEqual(absent)
  expect(await ask(method, url, undefined, body)).toEqual(absent)
  expect(acts).toEqual([])
})
