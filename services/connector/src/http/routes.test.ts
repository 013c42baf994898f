import { createHealth, createMetrics, type Logger, silentLogger } from '@chat/runtime'
import type { InjectOptions } from 'fastify'
import { describe, expect, test } from 'vitest'
import type { Answer, Api, Identity } from '../ports.ts'
import { buildApp } from './server.ts'

const identity: Identity = { userId: 12, sessionId: 'session', device: 'device' }
const bearer = { authorization: 'Bearer good' }

type Call = readonly [method: keyof Api, ...args: unknown[]]

const setUp = async (answer: Answer = { ok: { answered: true } }, over: Partial<Api> = {}) => {
  const calls: Call[] = []
  const logged: object[] = []
  const record =
    (method: keyof Api) =>
    async (...args: unknown[]): Promise<Answer> => {
      calls.push([method, ...args])
      return answer
    }
  const api: Api = {
    limit: () => undefined,
    register: record('register'),
    resetPassword: record('resetPassword'),
    exportOwn: async () => answer,
    logIn: record('logIn'),
    refresh: record('refresh'),
    endSession: record('endSession'),
    gateway: record('gateway'),
    request: record('request'),
    operator: { admit: async () => ({ error: 'not_found', message: 'no' }), act: record('operator') },
    dialects: {
      ...{ register: record('register'), befriend: async () => {}, logInOpen: record('logIn') },
      ...{ idOf: async () => undefined, numbersOf: async () => undefined },
      ...{ groupNamed: async () => undefined, actionNodes: async () => [], nodeOf: async () => undefined },
    },
    authenticate: async (token) => (token === 'good' ? identity : undefined),
    ...over,
  }
  const health = createHealth()
  const logger: Logger = { ...silentLogger, error: (fields) => void logged.push(fields) }
  const accept = () => {
    throw new Error('nobody connects')
  }
  const handlers = { accept, api, health, metrics: createMetrics({ withProcess: 'bare' }) }
  const { app, beginStop } = await buildApp(handlers, { logger, trustedProxies: 0 })
  const inject = async (options: InjectOptions) => {
    const response = await app.inject(options)
    const isJson = /json(?!l)/.test(String(response.headers['content-type']))
    return { ...response, status: response.statusCode, body: isJson ? response.json() : response.body }
  }
  return { inject, calls, logged, health, beginStop }
}

describe('accounts', () => {
  test.each([
    ['POST', '/v1/users', 'register', 201],
    ['POST', '/v1/password-resets', 'resetPassword', 200],
    ['POST', '/v1/sessions', 'logIn', 201],
    ['POST', '/v1/sessions/refresh', 'refresh', 200],
  ] as const)('%s %s calls %s and answers %i', async (method, url, called, status) => {
    const { inject, calls } = await setUp()
    const response = await inject({ method, url, payload: { a: 1 } })
    expect(response).toMatchObject({ status, body: { answered: true } })
    expect(calls[0]?.slice(0, 2)).toEqual([called, { a: 1 }])
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })

  test('ending the session answers 204 without a body', async () => {
    const { inject, calls } = await setUp()
    const response = await inject({ method: 'DELETE', url: '/v1/sessions/current', headers: bearer })
    expect(response).toMatchObject({ status: 204, body: '' })
    expect(calls).toEqual([['endSession', identity]])
  })

  test('the gateway needs no token', async () => {
    const { inject } = await setUp()
    expect(await inject({ url: '/v1/gateway' })).toMatchObject({ status: 200, body: { answered: true } })
  })
})

test('too many requests of an address get 429 with Retry-After before anything else is done; probes and pages do not count', async () => {
  const limit = () => ({ error: 'rate_limited', message: 'too many', retryAfterMs: 1500 }) as const
  const { inject, calls } = await setUp(undefined, { limit })
  const refused = await inject({ method: 'POST', url: '/v1/sessions', payload: {} })
  expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', retryAfterMs: 1500 } })
  expect(refused.headers).toMatchObject({
    'retry-after': '2',
    'content-type': 'application/problem+json; charset=utf-8',
  })
  for (const url of ['/healthz', '/docs', '/']) expect(await inject({ url })).toMatchObject({ status: 200 })
  expect(calls).toEqual([])
})

describe('reads', () => {
  test.each([
    ['/v1/me', { op: 'me' }],
    ['/v1/users', { op: 'users' }],
    ['/v1/users?query=an%C3%A9&after=x&limit=5', { op: 'users', query: 'ané', after: 'x', limit: 5 }],
    ['/v1/users/57', { op: 'user', id: 57 }],
    ['/v1/users/x', { op: 'user', id: 'x' }],
    ['/v1/conversations?limit=2', { op: 'conversations', limit: 2 }],
    ['/v1/conversations/d12.57', { op: 'conversation', conversation: 'd12.57' }],
    ['/v1/conversations/g31/members?after=7', { op: 'members', conversation: 'g31', after: '7' }],
    ['/v1/conversations/g31/events?before=9', { op: 'history', conversation: 'g31', before: 9 }],
    ['/v1/conversations/g31/events?after=0&limit=x', { op: 'history', conversation: 'g31', after: 0, limit: 'x' }],
    ['/v1/me?op=logout&ref=9', { op: 'me', '?op': 'logout', '?ref': '9' }],
    ['/v1/users?query=a&query=b', { op: 'users', query: ['a', 'b'] }],
    ['/v1/users/12?id=13&op=me', { op: 'user', id: 12, '?id': '13', '?op': 'me' }],
    ['/v1/me?surplus=1', { op: 'me', surplus: '1' }],
  ])('GET %s is the frame %j', async (url, frame) => {
    const { inject, calls } = await setUp()
    expect(await inject({ url, headers: bearer })).toMatchObject({ status: 200, body: { answered: true } })
    expect(calls).toEqual([['request', identity, { ...frame, ref: 0 }, undefined]])
  })

  test('minPos is handed on beside the frame', async () => {
    const { inject, calls } = await setUp()
    await inject({ url: '/v1/conversations?minPos=Mi43', headers: bearer })
    expect(calls).toEqual([['request', identity, { op: 'conversations', ref: 0 }, 'Mi43']])
  })

  test.each([
    ['no token', {}],
    ['a bad token', { authorization: 'Bearer bad' }],
    ['another scheme', { authorization: 'Basic good' }],
    ['an empty one', { authorization: 'Bearer ' }],
  ])('%s is unauthorized everywhere', async (_, headers) => {
    const { inject, calls } = await setUp()
    for (const request of [
      { url: '/v1/me' },
      { url: '/v1/conversations/g1/events' },
      { url: '/v1/requests', method: 'POST', payload: { op: 'me' } },
      { url: '/v1/sessions/current', method: 'DELETE' },
    ] as const) {
      const response = await inject({ ...request, headers })
      expect(response).toMatchObject({ status: 401, body: { code: 'unauthorized', status: 401 } })
      expect(response.headers['www-authenticate']).toBe('Bearer')
    }
    expect(calls).toHaveLength(0)
  })
})

describe('POST /v1/requests', () => {
  const post = (payload: InjectOptions['payload'], url = '/v1/requests'): InjectOptions =>
    payload === undefined
      ? { method: 'POST', url, headers: bearer }
      : { method: 'POST', url, headers: { ...bearer, 'content-type': 'application/json' }, payload }

  test('answers the ok frame with the ref of the request', async () => {
    const { inject, calls } = await setUp()
    const frame = { op: 'group.leave', ref: 5, conversation: 'g1' }
    expect(await inject(post(frame, '/v1/requests?minPos=p'))).toMatchObject({
      status: 200,
      body: { op: 'ok', ref: 5, answered: true },
    })
    expect(calls).toEqual([['request', identity, frame, 'p']])
  })

  test('takes a frame without ref and answers without one', async () => {
    const { inject, calls } = await setUp()
    expect((await inject(post({ op: 'me' }))).body).toEqual({ op: 'ok', answered: true })
    expect(calls).toEqual([['request', identity, { op: 'me', ref: 0 }, undefined]])
  })

  test.each([
    ['an array', '[1]', [1]],
    ['a number', '7', 7],
    ['null', 'null', null],
    ['nothing', undefined, undefined],
  ])('hands %s on to be refused', async (_, payload, frame) => {
    const { inject, calls } = await setUp({ error: 'invalid', message: 'no' })
    expect(await inject(post(payload))).toMatchObject({ status: 400, body: { code: 'invalid' } })
    expect(calls).toEqual([['request', identity, frame, undefined]])
  })
})

describe('problems', () => {
  test('a refusal is a problem with its status, code and retryAfterMs', async () => {
    const { inject } = await setUp({ error: 'rate_limited', message: 'too many failed logins', retryAfterMs: 1500 })
    const response = await inject({ method: 'POST', url: '/v1/sessions', payload: {} })
    expect(response.headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'retry-after': '2',
    })
    expect(response.status).toBe(429)
    expect(response.body).toEqual({
      type: 'urn:chat:problem:rate_limited',
      title: 'Rate limited',
      status: 429,
      code: 'rate_limited',
      detail: 'too many failed logins',
      retryAfterMs: 1500,
    })
  })

  test.each([
    ['an unknown route', { url: '/nowhere' }, 404, 'not_found'],
    ['a known path with another method', { method: 'PUT', url: '/v1/users' }, 404, 'not_found'],
    ['a path that is not percent-encoded well', { url: '/v1/users/%zz' }, 400, 'invalid'],
    ['an id that is too long', { url: `/v1/users/${'9'.repeat(65)}`, headers: bearer }, 400, 'invalid'],
    ['a plain GET of the socket', { url: '/v1/socket' }, 400, 'invalid'],
    ['a body that is not JSON', json('{"name":'), 400, 'invalid'],
    ['an empty body', json(''), 400, 'invalid'],
    ['a body that names __proto__', json('{"__proto__":{"x":1}}'), 400, 'invalid'],
    ['a body that is too large', json(`"${'x'.repeat(64 * 1024)}"`), 413, 'too_large'],
    ['a form', typed('application/x-www-form-urlencoded', 'name=ann'), 400, 'invalid'],
    ['plain text', typed('text/plain', '{}'), 400, 'invalid'],
    ['no content type that is one', typed('json', '{}'), 400, 'invalid'],
  ] as const)('%s is answered', async (_, request, status, code) => {
    const { inject, logged } = await setUp()
    const response = await inject(request)
    expect(response).toMatchObject({ status, body: { status, code } })
    expect(response.headers['content-type']).toContain('application/problem+json')
    expect(logged).toHaveLength(0)
  })

  test('a throw inside is internal, logged once, and tells nothing of itself', async () => {
    const { inject, logged } = await setUp(undefined, {
      register: () => Promise.reject(new Error('secret detail')),
    })
    const response = await inject({ method: 'POST', url: '/v1/users', payload: {} })
    expect(response).toMatchObject({ status: 500, body: { code: 'internal' } })
    expect(JSON.stringify(response.body)).not.toContain('secret')
    expect(logged).toHaveLength(1)
  })

  test('whatever is asked while it stops is unavailable', async () => {
    const { inject, calls, beginStop } = await setUp()
    beginStop()
    for (const url of ['/v1/gateway', '/healthz', '/', '/nowhere']) {
      const response = await inject({ url })
      expect(response).toMatchObject({ status: 503, body: { code: 'unavailable' } })
      expect(response.headers.connection).toBe('close')
    }
    expect(calls).toHaveLength(0)
  })
})

function typed(contentType: string, payload: string): InjectOptions {
  return { method: 'POST', url: '/v1/users', headers: { 'content-type': contentType }, payload }
}
function json(payload: string): InjectOptions {
  return typed('application/json', payload)
}

describe('probes and page', () => {
  test('healthz is alive, readyz names what is missing', async () => {
    const { inject, health } = await setUp()
    expect(await inject({ url: '/healthz' })).toMatchObject({ status: 200 })
    expect(await inject({ url: '/readyz' })).toMatchObject({ status: 200, body: { ready: true, reasons: {} } })
    health.set('lease', 'none yet')
    expect(await inject({ url: '/healthz' })).toMatchObject({ status: 200 })
    expect(await inject({ url: '/readyz' })).toMatchObject({
      status: 503,
      body: { ready: false, reasons: { lease: 'none yet' } },
    })
  })

  test('metrics count requests by route, not by address', async () => {
    const { inject } = await setUp()
    await inject({ url: '/v1/users/57', headers: bearer })
    await inject({ url: '/nowhere/57' })
    const response = await inject({ url: '/metrics' })
    expect(response.headers['content-type']).toContain('text/plain')
    const line = 'chat_connector_http_requests_total{method="GET",route='
    expect(response.body).toContain(`${line}"/v1/users/:id",status="200"} 1`)
    expect(response.body).toContain(`${line}"none",status="404"} 1`)
    expect(response.body).not.toContain('57')
  })

  test('the page comes with a policy that forbids what is inline, and is not sent again unchanged', async () => {
    const { inject } = await setUp()
    const page = await inject({ url: '/' })
    expect(page).toMatchObject({ status: 200 })
    expect(page.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' })
    expect(page.headers['content-security-policy']).toContain("script-src 'self'")
    expect(page.body).not.toMatch(/<script>|style=|\son\w+=/)
    const again = await inject({ url: '/', headers: { 'if-none-match': String(page.headers.etag) } })
    expect(again).toMatchObject({ status: 304, body: '' })
    expect(await inject({ url: '/page/../server.ts' })).toMatchObject({ status: 404 })
  })

  test('every file that the page names is there', async () => {
    const { inject } = await setUp()
    const { body } = await inject({ url: '/' })
    const named = [...String(body).matchAll(/(?:src|href)="(page\/[^"]+)"/g)].map(([, path]) => `/${path}`)
    expect(named.length).toBeGreaterThan(0)
    for (const url of named) expect(await inject({ url })).toMatchObject({ status: 200 })
  })
})

describe('GET /v1/me/export', () => {
  const exported = (lines: AsyncIterable<string>) => {
    const state = { isDone: false }
    const exportOwn: Api['exportOwn'] = async () => ({
      lines,
      done: () => {
        state.isDone = true
      },
    })
    return { state, exportOwn }
  }
  const request = { method: 'GET', url: '/v1/me/export', headers: bearer } as const

  test('streams the lines, and says when it is done', async () => {
    async function* lines() {
      yield '{"kind":"profile"}\n'
      yield '{"kind":"end"}\n'
    }
    const { state, exportOwn } = exported(lines())
    const { inject } = await setUp(undefined, { exportOwn })
    const response = await inject(request)
    expect(response).toMatchObject({ status: 200, payload: '{"kind":"profile"}\n{"kind":"end"}\n' })
    expect(response.headers['content-type']).toBe('application/jsonl; charset=utf-8')
    expect(state.isDone).toBe(true)
  })

  test('is refused with the time to wait, and without a token', async () => {
    const { inject } = await setUp({ error: 'rate_limited', message: 'tomorrow', retryAfterMs: 1500 })
    const refused = await inject(request)
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', retryAfterMs: 1500 } })
    expect((await inject({ ...request, headers: {} })).status).toBe(401)
  })
})
