import { randomUUID } from 'node:crypto'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type Account, createDevice, type Device, getJson, logIn, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EmbeddedSystem, startEmbedded } from './embedded-system.ts'

const messagesCount = 3_000

/** The lines of an answer, taken piece by piece. */
const linesOf = async (response: Response) => {
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/jsonl; charset=utf-8'])
  const lines = (await response.text()).split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => JSON.parse(line))
}

/** Thousands of messages to oneself, and to another who writes as well. */
const exportsAll = async (url: string): Promise<void> => {
  const accounts = await registerAccounts([url], 2)
  const [own, other] = accounts.map((account) => createDevice({ urls: [url], account })) as [Device, Device]
  const [{ userId }] = accounts as [Account, Account]
  await Promise.all([own.connect(), other.connect()])
  const group = String((await own.request('group.create', { title: 't', visibility: 'private' })).conversation)
  const shared = `d${accounts
    .map((account) => account.userId)
    .sort((a, b) => a - b)
    .join('.')}`
  await own.request('friend.request', { user: other.userId, note: 'it is me' })
  const sent = await Promise.all(Array.from({ length: messagesCount }, (_, i) => own.send(group, `mine ${i}`)))
  const talk = await Promise.all([own.send(shared, 'hello'), other.send(shared, 'not his')])
  const token = await logIn(url, accounts[0] as Account, randomUUID())
  // An export gives what is projected, and waits for nothing.
  for (const { conversation, position } of [...sent.slice(-1), ...talk]) {
    const read = () => getJson(`${url}/v1/conversations/${conversation}/events?limit=1&minPos=${position}`, token)
    const isProjected = async () => (await read()).body.stale !== true
    await waitUntil(isProjected, { deadlineMs: 30_000, what: 'everything is projected' })
  }
  const ask = () => fetch(`${url}/v1/me/export`, { headers: { authorization: `Bearer ${token}` } })
  const lines = await linesOf(await ask())
  expect(lines[0]).toMatchObject({ kind: 'profile', user: { id: userId } })
  expect(lines[1]).toMatchObject({ kind: 'friendRequest', user: { id: other.userId }, note: 'it is me' })
  expect(lines.at(-1)).toEqual({ kind: 'end', messages: messagesCount + 1 })
  const texts = lines.flatMap(({ message }) => (message === undefined ? [] : [message.data.body.text]))
  expect(texts.filter((text) => text !== 'hello')).toEqual(Array.from({ length: messagesCount }, (_, i) => `mine ${i}`))
  expect(texts).toContain('hello')
  const again = await ask()
  expect([again.status, ((await again.json()) as { code: string }).code]).toEqual([429, 'rate_limited'])
  await Promise.all([own.close(), other.close()])
}

describe('everything of one’s own, once a day', () => {
  let system: System
  let embedded: EmbeddedSystem
  beforeAll(async () => {
    system = await startSystem({ connectors: 1, routers: 1, projectors: 1 })
    embedded = await startEmbedded()
  }, 240_000)
  afterAll(async () => {
    await embedded?.close()
    await system?.stop()
  })

  test('on Kafka', () => exportsAll(system.connectors[0]?.url ?? ''), 120_000)
  test('embedded', () => exportsAll(embedded.url), 120_000)
})
