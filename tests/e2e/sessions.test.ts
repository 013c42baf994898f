import { randomUUID } from 'node:crypto'
import { type System, startSystem } from '@chat/stack/system'
import { type Account, registerAccount, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

let system: System
let urls: readonly string[]
const open: WebSocket[] = []

beforeAll(async () => {
  system = await startSystem({ connectors: 2, routers: 1, projectors: 1 })
  urls = system.connectors.map((connector) => connector.url)
}, 180_000)

afterAll(async () => {
  for (const ws of open) ws.close()
  await system?.stop()
})

const logIn = async (connector: number, { name, password }: Account): Promise<string> => {
  const response = await fetch(`${urls[connector]}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  })
  expect(response.status).toBe(201)
  return ((await response.json()) as { accessToken: string }).accessToken
}

/** A socket that said hello and was welcomed. */
const connect = async (connector: number, token: string, device: string) => {
  const ws = new WebSocket(`${urls[connector]?.replace('http', 'ws')}/v1/socket`, 'chat.v1')
  open.push(ws)
  const state = { isWelcome: false, closed: undefined as number | undefined }
  ws.onopen = () => ws.send(JSON.stringify({ op: 'hello', ref: 1, token, device }))
  ws.onmessage = ({ data }) => {
    state.isWelcome ||= JSON.parse(String(data)).op === 'ok'
  }
  ws.onclose = ({ code }) => {
    state.closed = code
  }
  await waitUntil(() => state.isWelcome || state.closed !== undefined, {
    deadlineMs: 20_000,
    what: 'hello is answered',
  })
  expect(state).toEqual({ isWelcome: true, closed: undefined })
  return state
}

let count = 0
const someone = (): Promise<Account> => registerAccount(urls[0] ?? '', `someone${++count}`)

test('a session ended on one connector closes its socket on the other with 4401, another session of the user lives', async () => {
  const account = await someone()
  const [ending, staying] = [await logIn(0, account), await logIn(0, account)]
  const socket = await connect(1, ending, randomUUID())
  const other = await connect(1, staying, randomUUID())
  const response = await fetch(`${urls[0]}/v1/sessions/current`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${ending}` },
  })
  expect(response.status).toBe(204)
  await waitUntil(() => socket.closed !== undefined, { deadlineMs: 30_000, what: 'the socket closes' })
  expect([socket.closed, other.closed]).toEqual([4401, undefined])
})

test('a device that says hello on the other connector, and then on the first again, is connected once: the newest stays', async () => {
  const account = await someone()
  const token = await logIn(0, account)
  const device = randomUUID()
  const first = await connect(0, token, device)
  const second = await connect(1, token, device)
  await waitUntil(() => first.closed !== undefined, { deadlineMs: 30_000, what: 'the first closes' })
  const third = await connect(0, token, device)
  await waitUntil(() => second.closed !== undefined, { deadlineMs: 30_000, what: 'the second closes' })
  expect([first.closed, second.closed, third.closed]).toEqual([4409, 4409, undefined])
})

test('another password, asked for on one connector, closes the other sessions on the other, and only the new one logs in', async () => {
  const account = await someone()
  const [own, other] = [await logIn(0, account), await logIn(0, account)]
  const [mine, theirs] = [await connect(0, own, randomUUID()), await connect(1, other, randomUUID())]
  const request = (frame: object) =>
    fetch(`${urls[0]}/v1/requests`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${own}` },
      body: JSON.stringify(frame),
    })
  const listed = (await (await request({ op: 'sessions' })).json()) as { items: readonly { current: boolean }[] }
  expect(listed.items.map(({ current }) => current)).toEqual([false, true])
  const changed = { ...account, password: `${account.password} and more` }
  const frame = { op: 'password.change', old: account.password, new: changed.password }
  expect((await request(frame)).status).toBe(200)
  await waitUntil(() => theirs.closed !== undefined, { deadlineMs: 30_000, what: 'the other socket closes' })
  expect([mine.closed, theirs.closed]).toEqual([undefined, 4401])
  await expect(logIn(1, account)).rejects.toThrow('401')
  await logIn(1, changed)
})
