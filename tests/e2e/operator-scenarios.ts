import { randomUUID } from 'node:crypto'
import { directConversation } from '@chat/schemas'
import {
  type Account,
  createDevice,
  type Frame,
  getJson,
  logIn,
  postJson,
  registerAccount,
  waitUntil,
} from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testRooms } from './room-scenarios.ts'

/** A running system, whatever it stands on. */
interface Venue {
  /** Base URLs of its connectors; one may stand for several. */
  readonly urls: readonly string[]
  /** `npm run operator -- …`: what it prints, and how it ends. */
  readonly operator: (...args: readonly string[]) => Promise<{ readonly code: number | null; readonly out: string }>
  close(): Promise<void>
}

/** What operators do, from the machine and from outside: the same on every system. */
export const testOperators = (open: () => Promise<Venue>): void => {
  let venue: Venue
  let ann: Account
  let bob: Account
  let annToken = ''

  beforeAll(async () => {
    venue = await open()
    ann = await registerAccount(first(), 'ann')
    bob = await registerAccount(last(), 'bob')
    annToken = await logIn(first(), ann, randomUUID())
  }, 180_000)
  afterAll(() => venue?.close())

  const first = () => venue.urls[0] ?? ''
  const last = () => venue.urls.at(-1) ?? ''
  const asAnn = (path: string, body?: object) =>
    body === undefined
      ? getJson(`${first()}/v1/operator${path}`, annToken)
      : postJson(`${first()}/v1/operator${path}`, body, annToken)

  test('the machine makes an operator, and nobody else is one', { timeout: 120_000 }, async () => {
    const absent = await asAnn('/nothing')
    expect(await asAnn('/users')).toEqual(absent)
    expect(await venue.operator('grant', 'eve')).toMatchObject({ code: 1, out: 'nobody is called eve\n' })
    expect(await venue.operator('grant', 'ANN')).toMatchObject({
      code: 0,
      out: `ANN (id ${ann.userId}) is an operator now\n`,
    })
    await waitUntil(async () => (await asAnn('/users')).status === 200, {
      deadlineMs: 30_000,
      what: 'she is an operator',
    })
    expect((await venue.operator('list')).out).toMatch(new RegExp(`^ann \\(id ${ann.userId}\\) since .*Z\\n$`))
    const bobToken = await logIn(last(), bob, randomUUID())
    expect(await getJson(`${last()}/v1/operator/users`, bobToken)).toEqual(absent)
  })

  test('who is suspended is closed with 4403 on whatever connector, and cannot come back until he is reinstated', {
    timeout: 120_000,
  }, async () => {
    const token = await logIn(last(), bob, randomUUID())
    const closed = await openSocket(last(), token)
    const path = `/users/${bob.userId}`
    expect(await asAnn(`${path}/suspend`, { reason: 'spam' })).toMatchObject({ status: 200 })
    await waitUntil(() => closed.code !== undefined, { deadlineMs: 30_000, what: 'his socket closes' })
    expect(closed.code).toBe(4403)
    await expect(logIn(last(), bob, randomUUID())).rejects.toMatchObject({ code: 'suspended' })
    expect(await getJson(`${last()}/v1/me`, token)).toMatchObject({ status: 403, body: { code: 'suspended' } })
    expect(await asAnn(path)).toMatchObject({ body: { account: { suspension: { by: ann.userId, reason: 'spam' } } } })
    expect(await asAnn(`${path}/reinstate`, { reason: 'an error' })).toMatchObject({ status: 200 })
    await waitUntil(
      () =>
        logIn(last(), bob, randomUUID()).then(
          () => true,
          () => false,
        ),
      { deadlineMs: 30_000, what: 'he may log in' },
    )
    const again = await logIn(last(), bob, randomUUID())
    for (const url of venue.urls)
      await waitUntil(async () => (await getJson(`${url}/v1/me`, again)).status === 200, {
        deadlineMs: 30_000,
        what: `${url} has heard of it`,
      })
  })

  test('what she announces reaches everybody who is connected', { timeout: 120_000 }, async () => {
    const socket = await openSocket(last(), await logIn(last(), bob, randomUUID()))
    expect(await asAnn('/notices', { text: 'back at nine' })).toMatchObject({ status: 200 })
    await waitUntil(() => socket.notices.length > 0, { deadlineMs: 30_000, what: 'the notice comes' })
    expect(socket.notices).toMatchObject([{ code: 'announcement', message: 'back at nine' }])
    socket.close()
  })

  test('what people report she sees until she is done with it, and what she deletes is gone for them', {
    timeout: 60_000,
  }, async () => {
    const [carl, dora] = [await registerAccount(first(), 'carl'), await registerAccount(last(), 'dora')]
    const device = createDevice({ urls: [first()], account: carl })
    await device.connect()
    const { conversation, seq } = await device.send(directConversation(carl.userId, dora.userId), 'buy this')
    const token = await logIn(last(), dora, randomUUID())
    const asDora = (frame: object) => postJson(`${last()}/v1/requests`, { conversation, ...frame }, token)
    const reported = await asDora({ op: 'report', seq, reason: 'spam' })
    expect(reported).toMatchObject({ status: 200, body: { conversation, position: expect.any(String) } })
    expect(reported.body).not.toHaveProperty('seq')
    const reports = async () => (await asAnn('/reports?limit=1')).body.items as readonly Frame[]
    await waitUntil(async () => (await reports()).length > 0, { deadlineMs: 30_000, what: 'she sees the report' })
    expect(await reports()).toMatchObject([
      {
        ...{ conversation, seq, by: dora.userId, author: carl.userId, reason: 'spam' },
        message: { data: { body: { text: 'buy this' } } },
      },
    ])
    const [{ id } = {}] = await reports()
    const done = await asAnn(`/reports/${id}/done`, {})
    expect(done).toMatchObject({ status: 200, body: { conversation, position: expect.any(String) } })
    const inState = async (state: string) => (await asAnn(`/reports?state=${state}`)).body.items as readonly Frame[]
    await waitUntil(async () => (await inState('done')).length > 0, { deadlineMs: 30_000, what: 'it is done' })
    expect(await inState('open')).toEqual([])
    expect(await reports()).toMatchObject([{ id, done: { by: ann.userId } }])
    expect(await asAnn('/reports/nonsense/done', {})).toMatchObject({ status: 404, body: { code: 'not_found' } })
    const deleted = await asAnn('/messages/delete', { conversation, seq })
    expect(deleted).toMatchObject({ status: 200, body: { conversation, seq: seq + 1 } })
    const history = await getJson(
      `${last()}/v1/conversations/${conversation}/events?minPos=${deleted.body.position}`,
      token,
    )
    expect(history.body.events).toMatchObject([
      { seq, data: { deleted: true } },
      { seq: seq + 1, type: 'messageDeleted', actor: ann.userId, data: { seq } },
    ])
    expect(await asAnn('/messages/delete', { conversation, seq })).toMatchObject({ body: { code: 'no_such_message' } })
    await device.close()
  })

  testRooms({ first, last, asOperator: asAnn })

  test('people change what others see of them', { timeout: 60_000 }, async () => {
    const device = createDevice({ urls: [first()], account: bob })
    await device.connect()
    const token = await logIn(first(), bob, randomUUID())
    const { body } = await postJson(`${first()}/v1/requests`, { op: 'profile', about: 'tea' }, token)
    expect(await getJson(`${last()}/v1/users/${bob.userId}?minPos=${body.position}`, token)).toMatchObject({
      body: { user: { name: 'bob', displayName: 'bob', about: 'tea' } },
    })
    // Read models that are compared with the log afterwards have a row of every kind.
    const { conversation, seq } = await device.send(directConversation(ann.userId, bob.userId), 'hi')
    const read = await postJson(`${first()}/v1/requests`, { op: 'read', conversation, seq }, token)
    expect(read.status).toBe(200)
    await device.close()
  })

  test('the machine ends it', { timeout: 120_000 }, async () => {
    expect(await venue.operator('revoke', 'ann')).toMatchObject({ code: 0 })
    await waitUntil(async () => (await asAnn('/users')).status === 404, {
      deadlineMs: 30_000,
      what: 'she is none any more',
    })
  })
}

const openSocket = async (url: string, token: string) => {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, 'chat.v1')
  const state = {
    code: undefined as number | undefined,
    isWelcome: false,
    notices: [] as Frame[],
    close: () => ws.close(),
  }
  ws.onopen = () => ws.send(JSON.stringify({ op: 'hello', ref: 1, token, device: randomUUID() }))
  ws.onmessage = ({ data }) => {
    const frame = JSON.parse(String(data)) as Frame
    if (frame.op === 'notice') state.notices.push(frame)
    state.isWelcome ||= frame.op === 'ok'
  }
  ws.onclose = ({ code }) => {
    state.code = code
  }
  await waitUntil(() => state.isWelcome, { deadlineMs: 20_000, what: 'hello is answered' })
  return state
}
