import type { ServiceProcess } from '@chat/stack'
import { createDevice, type Device, registerAccount, waitUntil } from '@chat/testkit'
import { expect, test } from 'vitest'
import { type ActionClient, askGateway, connectAction, type Node } from './action-client.ts'
import { connectDialect } from './dialect-client.ts'

const deadlineMs = 20_000

/** A system of two connectors that speak `action` and `json-to`, and where. */
export interface ActionSystem {
  readonly connectors: () => readonly ServiceProcess[]
  readonly ports: readonly { readonly action: number; readonly gateway: number; readonly jsonTo: number }[]
}

const inRoom = (roomName: string, message: string) => ({
  ...{ format: 'text', from: '', to: null, roomName, ts: Date.now(), isGroup: true, message },
})
const direct = (to: string, message: string) => ({
  ...{ format: 'text', from: '', to, roomName: '', ts: Date.now(), isGroup: false, message },
})

export const actionScenarios = ({ connectors, ports }: ActionSystem): void => {
  const nodeOf = (connector: number): Node => ({ host: '127.0.0.1', port: ports[connector]?.action ?? 0 })
  const gatewayOf = (connector: number) => ports[connector]?.gateway ?? 0
  const enter = async (username: string, connector: number): Promise<ActionClient> => {
    const client = connectAction(nodeOf(connector))
    await client.logIn(username)
    return client
  }
  const browserOf = async (name: string, connector: number): Promise<Device> => {
    const url = connectors()[connector]?.url ?? ''
    const device = createDevice({ urls: [url], account: await registerAccount(url, name) })
    await device.connect()
    return device
  }
  const makeRoom = async (maker: Device, name: string): Promise<string> => {
    const settings = { title: name, visibility: 'public', joinPolicy: 'open' }
    return String((await maker.request('group.create', { name, ...settings })).conversation)
  }

  test('the gateway sends clients to the connector that has the fewest', async () => {
    const nodes = () => askGateway(gatewayOf(0), '/server?all=1') as Promise<Node[]>
    await waitUntil(async () => (await nodes()).length === 2, { deadlineMs, what: 'both are listed' })
    const clients = [await enter('first', 0), await enter('second', 0)]
    await waitUntil(async () => ((await askGateway(gatewayOf(1))) as Node).port === nodeOf(1).port, {
      ...{ deadlineMs, what: 'the other one is named' },
    })
    expect(await nodes()).toEqual([nodeOf(1), nodeOf(0)])
    for (const client of clients) client.close()
  })

  test('a login puts out the one before it, from whichever connector; who has a password is not let in without it', async () => {
    const first = await enter('once', 0)
    const second = await enter('once', 1)
    await waitUntil(() => !first.isOpen(), { deadlineMs, what: 'the older one is closed' })
    const third = await enter('once', 1)
    await waitUntil(() => !second.isOpen(), { deadlineMs, what: 'the one before it is closed' })
    expect(third.isOpen()).toBe(true)
    await registerAccount(connectors()[0]?.url ?? '', 'guarded')
    third.say('login', { username: 'guarded' })
    const message = 'user guarded is invalided'
    expect(await third.comes('error', {})).toEqual({ code: 401, message, ext: '' })
    third.close()
  })

  test('a room with a browser, json-to and action: its last 50, then what comes, words masked, everybody the same', async () => {
    const ann = await browserOf('ann', 1)
    const conversation = await makeRoom(ann, 'tea')
    for (let n = 0; n < 55; n++) await ann.send(conversation, `old ${n}`)
    const [li, mei] = [await enter('li', 0), await enter('mei', 1)]
    const old = Array.from({ length: 50 }, (_, n) => `old ${n + 5}`)
    for (const client of [li, mei]) {
      client.say('joinRoom', { roomName: 'tea', username: 'x' })
      await waitUntil(() => client.texts().length === 50, { deadlineMs, what: 'the room is shown' })
      expect(client.texts()).toEqual(old)
    }
    const bob = connectDialect(ports[1]?.jsonTo ?? 0)
    bob.send({ msgid: 3, name: 'bob', password: 'x' })
    await bob.logIn(Number((await bob.comes({ msgid: 4 })).id))
    bob.send({ msgid: 8, groupid: Number(conversation.slice(1)) })
    await bob.comes({ id: 0, msg: `you are in group ${conversation.slice(1)}` })
    li.say('chat', { ...inRoom('tea', 'apple apple badword pear'), from: 'mei' })
    const shown = { from: 'li', roomName: 'tea', message: 'apple apple ******* pear' }
    for (const client of [li, mei]) expect(await client.comes('chat', shown)).toMatchObject({ format: 'text' })
    await bob.comes({ msgid: 9, name: 'li', msg: shown.message })
    bob.send({ msgid: 9, groupid: Number(conversation.slice(1)), msg: 'from json-to' })
    await li.comes('chat', { from: 'bob', roomName: 'tea', message: 'from json-to' })
    await waitUntil(() => [...ann.shown(conversation).values()].some(({ data }) => textOf(data) === shown.message), {
      ...{ deadlineMs, what: 'the browser shows it' },
    })
    expect(li.texts()).toEqual([...old, shown.message, 'from json-to'])
    await waitUntil(
      async () => {
        const from = mei.heard('popular').length
        mei.say('popular', { n: '1' })
        const { words } = await mei.comes('popular', {}, from)
        return JSON.stringify(words) === '["old","55"]'
      },
      { deadlineMs, what: 'the words are counted' },
    )
    bob.close()
    await ann.close()
  })

  test('direct chats, who is where, and what is refused', async () => {
    const [li, mei] = [await enter('li', 0), await enter('mei', 1)]
    li.say('chat', { ...direct('mei', 'hello'), from: 'ann' })
    expect(await mei.comes('chat', { message: 'hello' })).toMatchObject({ from: 'li', roomName: '', format: 'text' })
    li.say('userInfo', { username: 'mei' })
    const { loginTime, ...info } = await li.comes('userInfo', {})
    expect(info).toEqual({ username: 'mei', nodeId: `127.0.0.1:${nodeOf(1).port}` })
    expect(Math.abs(Date.now() - Number(loginTime))).toBeLessThan(deadlineMs)
    const maker = await browserOf('maker', 0)
    await makeRoom(maker, 'others')
    for (const [action, data, code] of [
      ['chat', direct('nobody', 'x'), 404],
      ['chat', inRoom('nowhere', 'x'), 404],
      ['chat', inRoom('others', 'x'), 403],
      ['joinRoom', { roomName: 'nowhere', username: 'li' }, 404],
      ['userInfo', { username: 'nobody' }, 404],
      ['leaderConnect', {}, 400],
    ] as const) {
      const from = li.heard('error').length
      li.say(action, data)
      expect(await li.comes('error', {}, from)).toMatchObject({ code, ext: '' })
    }
    for (const client of [li, mei]) client.close()
    await maker.close()
  })

  test('a connector is killed in the middle: nothing that was accepted is lost, and its clients are sent elsewhere', async () => {
    const maker = await browserOf('witness', 0)
    const conversation = await makeRoom(maker, 'news')
    const [sender, reader] = [await enter('sender', 0), await enter('reader', 1)]
    for (const client of [sender, reader]) client.say('joinRoom', { roomName: 'news', username: 'x' })
    reader.say('chat', inRoom('news', 'here'))
    await reader.comes('chat', { message: 'here' })
    sender.say('chat', inRoom('news', 'here too'))
    await sender.comes('chat', { message: 'here too' })
    const sent = Array.from({ length: 100 }, (_, n) => `news ${n}`)
    const accepted = () =>
      [...maker.shown(conversation).values()]
        .flatMap(({ data }) => textOf(data) ?? [])
        .filter((text) => /^news/.test(text))
    for (const message of sent.slice(0, 60)) sender.say('chat', inRoom('news', message))
    await waitUntil(() => reader.texts().includes('news 5'), { deadlineMs, what: 'the reader is shown some' })
    connectors()[1]?.kill('SIGKILL')
    for (const message of sent.slice(60)) sender.say('chat', inRoom('news', message))
    await waitUntil(() => accepted().length === 100, { deadlineMs, what: 'everything is accepted' })
    await waitUntil(async () => ((await askGateway(gatewayOf(0), '/server?all=1')) as Node[]).length === 1, {
      ...{ deadlineMs, what: 'the dead one is named no more' },
    })
    const back = connectAction((await askGateway(gatewayOf(0))) as Node)
    await back.logIn('reader')
    await waitUntil(() => back.texts().includes('news 99'), { deadlineMs, what: 'the last one is shown' })
    const [before, after] = [reader, back].map((client) => client.texts().filter((text) => text.startsWith('news')))
    expect(before).toEqual(sent.slice(0, before?.length))
    expect(after).toEqual(sent.slice(sent.length - (after?.length ?? 0)))
    expect((before?.length ?? 0) + (after?.length ?? 0)).toBeGreaterThanOrEqual(sent.length)
    await maker.close()
  })
}

const textOf = (data: Readonly<Record<string, unknown>>): string | undefined =>
  (data.body as { readonly text?: string } | undefined)?.text
