import { randomUUID } from 'node:crypto'
import {
  createDevice,
  type Device,
  type Frame,
  getJson,
  logIn,
  postJson,
  registerAccount,
  waitUntil,
} from '@chat/testkit'
import { expect, test } from 'vitest'

interface Ground {
  /** Base URLs of two connectors, or twice of one. */
  readonly first: () => string
  readonly last: () => string
  /** What an operator asks below `/v1/operator`. */
  readonly asOperator: (path: string, body: object) => Promise<{ readonly status: number; readonly body: Frame }>
}

/** Online rooms, from outside: the same on every system. */
export const testRooms = ({ first, last, asOperator }: Ground): void => {
  test('a room is there for everybody at once: to write in, to hear, and to read later without unread counts', {
    timeout: 120_000,
  }, async () => {
    const early = await comes(first(), 'early')
    const away = await comes(last(), 'away')
    await away.catchUp()
    await away.close()
    const made = await asOperator('/rooms', { name: 'Hall', title: 'The hall', description: 'Come in' })
    expect(made).toMatchObject({ status: 200, body: { conversation: expect.any(String), seq: 1 } })
    const room = String(made.body.conversation)
    expect(made.body.conversation).toBe(`g${made.body.groupId}`)
    expect(await asOperator('/rooms', { name: 'hall', title: 'Another' })).toMatchObject({
      ...{ status: 409, body: { code: 'name_taken' } },
    })

    // Whoever registers now writes there without joining; whoever is connected elsewhere hears it.
    const late = await comes(last(), 'late')
    const { seq } = await late.send(room, 'hello, all')
    await waitUntil(() => early.shown(room).has(seq), { deadlineMs: 30_000, what: 'who is connected is pushed it' })
    expect(early.shown(room).get(1)).toMatchObject({ type: 'groupCreated', data: { membership: 'online' } })
    await early.request('react', { conversation: room, seq, emoji: '👍' })
    for (const op of ['read', 'delivered']) expect(await early.request(op, { conversation: room, seq })).toBeDefined()

    // Whoever was away has nothing unread, and finds all of it.
    await away.connect()
    await away.catchUp()
    expect(away.shown(room).get(seq)).toMatchObject({ actor: late.userId })
    const { events } = await away.request('history', { conversation: room })
    expect((events as readonly Frame[]).map(({ type }) => type)).toEqual([
      ...['groupCreated', 'messagePosted', 'reactionAdded'],
    ])
    const { items } = await away.request('conversations')
    expect(items).toMatchObject([{ id: room, title: 'The hall', membership: 'online', unread: 0 }])
    await expect(away.request('members', { conversation: room })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(away.request('group.join', { name: 'HALL' })).rejects.toMatchObject({ code: 'already_member' })

    const closed = await asOperator('/rooms/close', { conversation: room })
    expect(closed).toMatchObject({ status: 200, body: { conversation: room, seq: seq + 2 } })
    await waitUntil(() => early.shown(room).has(seq + 2), { deadlineMs: 30_000, what: 'they hear that it is closed' })
    for (const device of [early, late, away]) {
      expect(device.wire).toMatchObject({ repeats: 0, disorders: [], contradictions: [] })
      await device.close()
    }
  })

  test('to whoever is no operator there is nothing to make', { timeout: 60_000 }, async () => {
    const account = await registerAccount(first(), 'nobody in particular')
    const token = await logIn(first(), account, randomUUID())
    const absent = await getJson(`${first()}/v1/operator/nothing`, token)
    for (const path of ['rooms', 'rooms/close']) {
      const answer = await postJson(`${last()}/v1/operator/${path}`, { name: 'mine', title: 'mine' }, token)
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } })
      expect(answer.body).toEqual(absent.body)
    }
  })
}

const comes = async (url: string, name: string): Promise<Device> => {
  const device = createDevice({ urls: [url], account: await registerAccount(url, name) })
  await device.connect()
  return device
}
