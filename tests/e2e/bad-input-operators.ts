import { encodePosition, idMax } from '@chat/schemas'
import { httpRoutes, operatorRoutes } from '@chat/schemas/protocol'
import { getJson } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { ask, type HttpQuestion, tellsInternals } from './bad-input-client.ts'
import { notAnObject } from './bad-input-http.ts'
import { mistakesIn } from './bad-input-shapes.ts'
import type { Target } from './bad-input-target.ts'
import type { Shape } from './schema-shape.ts'

/** Who is who in the cases: the operator himself, somebody, and a group with one message, seq 2. */
interface OperatorWorld {
  readonly self: number
  readonly victim: number
  readonly group: string
}

/** What is asked, without a token; and the status and code of the answer to an operator. */
type OperatorCase = readonly [title: string, (world: OperatorWorld) => HttpQuestion, status: number, code: string]

const base = '/v1/operator'
const json = { 'content-type': 'application/json' }
const id = '01890a5d-ac96-774b-bcce-b302099a8057'

const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = json): HttpQuestion => ({
  ...{ method: 'POST', path: `${base}${path}`, headers },
  body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
})

/** A right body of each act that has one: every mistake is one change of one of these. */
const bodies = {
  suspend: ['/users/1/suspend', { reason: 'spam', clientMsgId: id }],
  reinstate: ['/users/1/reinstate', { reason: 'spam', clientMsgId: id }],
  reportDone: [`/reports/${encodePosition({ partition: 0, pos: 0 })}/done`, { clientMsgId: id }],
  deleteMessage: ['/messages/delete', { conversation: 'g1', seq: 1, clientMsgId: id }],
  notice: ['/notices', { text: 'back at nine', clientMsgId: id }],
  createRoom: ['/rooms', { name: 'hall', title: 'The hall', description: 'Come in', clientMsgId: id }],
  closeRoom: ['/rooms/close', { conversation: 'g1', clientMsgId: id }],
} as const satisfies Partial<Record<keyof typeof operatorRoutes, readonly [string, object]>>

const shapeOf = (act: string): Shape | undefined => {
  const { path } = operatorRoutes[act as keyof typeof bodies]
  return httpRoutes.find((route) => route.path === path)?.body as Shape | undefined
}

const invalid = (title: string, question: HttpQuestion): OperatorCase => [title, () => question, 400, 'invalid']

const bodyCases: readonly OperatorCase[] = Object.entries(bodies).flatMap(([act, [path, example]]) => [
  ...mistakesIn(shapeOf(act), example, act).map(([what, body]) => invalid(what, post(path, body))),
  ...notAnObject
    .filter(([what]) => what !== 'an empty object')
    .map(([what, body]) => invalid(`${act} with ${what}`, post(path, body))),
  ...['text/plain', 'application/xml', 'x'].map((type) =>
    invalid(`${act} as ${type}`, post(path, example, { 'content-type': type })),
  ),
  [`${act} with 70,000 bytes`, () => post(path, `"${'x'.repeat(70_000)}"`), 413, 'too_large'] as OperatorCase,
])

const texts: readonly OperatorCase[] = [
  invalid('a notice without a word', post('/notices', { text: '' })),
  invalid('a notice of 501 characters', post('/notices', { text: 'x'.repeat(501) })),
  invalid('a notice of 501 astral characters', post('/notices', { text: '𝒳'.repeat(501) })),
  invalid('a reason of 501 characters', post('/users/1/suspend', { reason: 'x'.repeat(501) })),
  invalid('a reason that is empty', post('/users/1/reinstate', { reason: '' })),
  invalid('a user beside the path’s', post('/users/1/suspend', { reason: 'spam', user: 2 })),
  invalid('a report beside the path’s', post(`${bodies.reportDone[0]}`, { report: 'x' })),
  invalid('a conversation the wrong way round', post('/messages/delete', { conversation: 'd2.1', seq: 1 })),
  invalid('a room without a name', post('/rooms', { title: 'The hall' })),
  invalid('a room with members', post('/rooms', { name: 'hall', title: 'The hall', members: [1] })),
  invalid('a room of a hostile name', post('/rooms', { name: 'ha\u202ell', title: 'The hall' })),
  invalid('a room whose title has two lines', post('/rooms', { name: 'hall', title: 'a\nb' })),
  invalid('no body', { method: 'POST', path: `${base}/notices` }),
]

const paths: readonly string[] = [
  ...['x', '0', '-1', '1.5', '01x', '2147483648', '99999999999', '%00', '%2e%2e', "1'--", '%f0%9f%98%80'].map(
    (user) => `/users/${user}`,
  ),
  ...['/users/1?user=2', '/users/1?x=1', '/users?x=1', '/users?limit=0', '/users?limit=-1', '/users?limit=1e3'],
  ...['/users?limit=', '/users?limit=5&limit=6', '/users?after[]=x', '/users?query=%00', '/users?query=a&query=b'],
  ...[`/users?query=${'q'.repeat(65)}`, `/users?after=${'a'.repeat(513)}`, '/users?limit=9007199254740993'],
  ...['/reports?state=shut', '/reports?state=', '/reports?state=open&state=done', '/reports?limit=0', '/reports?seq=1'],
  ...[`/reports?after=${'a'.repeat(513)}`, '/reports?after=%00', '/reports?__proto__=1'],
]
const pathCases: readonly OperatorCase[] = paths.map((path) =>
  invalid(`GET ${path.slice(0, 60)}`, { path: `${base}${path}` }),
)

const reason = { reason: 'spam' }
const absent: readonly OperatorCase[] = [
  ['a user who is not there', () => ({ path: `${base}/users/${idMax}` }), 404, 'no_such_user'],
  ['a suspension of nobody', () => post(`/users/${idMax}/suspend`, reason), 404, 'no_such_user'],
  ['a reinstatement of nobody', () => post(`/users/${idMax}/reinstate`, reason), 404, 'no_such_user'],
  ['a suspension of himself', ({ self }) => post(`/users/${self}/suspend`, reason), 403, 'forbidden'],
  ['a report that is none', () => post('/reports/nonsense/done', {}), 404, 'not_found'],
  ['a report of a hostile name', () => post('/reports/%2e%2e%2f%00/done', {}), 400, 'invalid'],
  [
    'a report beyond the end',
    () => post(`/reports/${encodePosition({ partition: 0, pos: 1e9 })}/done`, {}),
    404,
    'not_found',
  ],
  [
    'a report of no partition',
    () => post(`/reports/${encodePosition({ partition: 999, pos: 1 })}/done`, {}),
    404,
    'not_found',
  ],
  ['a place that is no report', () => post(`${bodies.reportDone[0]}`, {}), 404, 'not_found'],
  [
    'a message of nowhere',
    () => post('/messages/delete', { conversation: `g${idMax}`, seq: 1 }),
    404,
    'no_such_conversation',
  ],
  [
    'a message that is none',
    ({ group }) => post('/messages/delete', { conversation: group, seq: 1 }),
    404,
    'no_such_message',
  ],
  [
    'a message to come',
    ({ group }) => post('/messages/delete', { conversation: group, seq: idMax }),
    404,
    'no_such_message',
  ],
  [
    'an end of a room of nowhere',
    () => post('/rooms/close', { conversation: `g${idMax}` }),
    404,
    'no_such_conversation',
  ],
  [
    'an end of a group that is no room',
    ({ group }) => post('/rooms/close', { conversation: group }),
    404,
    'no_such_conversation',
  ],
  ...['/users/1/suspend', '/notices', '/rooms', '/messages/delete', '/reports/MC4w/done', '/reports/', '/'].map(
    (path): OperatorCase => [`GET of ${path}`, () => ({ path: `${base}${path}` }), 404, 'not_found'],
  ),
  ...['PUT', 'PATCH', 'DELETE'].map(
    (method): OperatorCase => [`${method} of users`, () => ({ method, path: `${base}/users` }), 404, 'not_found'],
  ),
]

/** What an operator may well ask. */
const good: readonly HttpQuestion[] = [
  ...['/users', '/users/1', '/reports', '/reports?state=open'].map((path) => ({ path: `${base}${path}` })),
  ...Object.values(bodies).map(([path, body]) => post(path, body)),
]

const cases: readonly OperatorCase[] = [...bodyCases, ...texts, ...pathCases, ...absent]

const withToken = ({ headers, ...question }: HttpQuestion, token: string | undefined): HttpQuestion => ({
  ...question,
  headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
})

/** Bad input for operators, and from people who are none. */
export const testOperatorInput = (target: () => Target): void => {
  const world = (): OperatorWorld => {
    const { warden, victim, world: frames } = target()
    return { self: warden.userId, victim: victim.userId, group: frames.ownGroup }
  }

  describe('what operators ask wrongly', () => {
    test.each(cases)('%s', async (_, question, status, code) => {
      const { url, wardenToken } = target()
      const answer = await ask(url, withToken(question(world()), wardenToken))
      expect(answer.status, answer.text).toBe(status)
      expect(answer.type).toMatch(/^application\/problem\+json/)
      expect(tellsInternals(answer.text), answer.text).toBe(false)
      expect(JSON.parse(answer.text)).toMatchObject({ status, code })
    })

    test('does nothing', async () => {
      const { url, wardenToken, rude } = target()
      const { body } = await getJson(`${url}${base}/users/${world().victim}`, wardenToken)
      expect(body.account).not.toHaveProperty('suspension')
      expect(rude.pushes.filter(({ op }) => op === 'notice')).toEqual([])
    })
  })

  test('whatever anybody else asks of operators’ paths is answered as if there were nothing', async () => {
    const { url, token } = target()
    const seen = async (question: HttpQuestion) => {
      const { status, type, text, headers } = await ask(url, question)
      return { status, type, text, headers: Object.keys(headers) }
    }
    const differences: unknown[] = []
    for (const question of [...good, ...cases.map(([, make]) => make(world()))])
      for (const bearer of [token, undefined, 'let me in']) {
        const asked = withToken(question, bearer)
        const nothing = await seen({
          ...asked,
          path: asked.path.replace(/operator\/(users|reports|messages|notices|rooms)/, 'operator/nothing'),
        })
        const is = await seen(asked)
        if (JSON.stringify(is) !== JSON.stringify(nothing)) differences.push([asked.method, asked.path, is, nothing])
        else expect(tellsInternals(is.text), is.text).toBe(false)
      }
    expect(differences).toEqual([])
  })
}
