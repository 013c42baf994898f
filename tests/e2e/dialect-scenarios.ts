import type { ServiceProcess } from '@chat/stack'
import { createDevice, type Device, registerAccount, waitUntil } from '@chat/testkit'
import { expect, test } from 'vitest'
import { connectDialect, type DialectClient, type Message } from './dialect-client.ts'

const deadlineMs = 20_000

/** A system of two connectors that speak the JSON dialects, and where. */
export interface DialectSystem {
  readonly connectors: () => readonly ServiceProcess[]
  readonly ports: readonly { readonly jsonTo: number; readonly jsonToid: number }[]
}

export const dialectScenarios = ({ connectors, ports }: DialectSystem): void => {
  const clients: DialectClient[] = []
  const open = (dialect: 'jsonTo' | 'jsonToid', connector: number): DialectClient => {
    const client = connectDialect(ports[connector]?.[dialect] ?? 0)
    clients.push(client)
    return client
  }
  const urlOf = (connector: number) => connectors()[connector]?.url ?? ''
  const register = async (client: DialectClient, name: string, msgid = 3) => {
    const from = client.messages.length
    client.send({ msgid, name, password: 'x' })
    return Number((await client.comes({ msgid: msgid + 1, errno: 0 }, from)).id)
  }
  const browserOf = async (name: string, connector: number): Promise<Device> => {
    const url = urlOf(connector)
    const device = createDevice({ urls: [url], account: await registerAccount(url, name) })
    await device.connect()
    return device
  }
  const toldId = async (client: DialectClient, beginning: string) => {
    const text = await waitUntil(
      () => client.messages.map(({ msg }) => String(msg)).find((msg) => msg.startsWith(beginning)),
      { deadlineMs, what: `${beginning} is told` },
    )
    return Number(/\d+$/.exec(text)?.[0])
  }

  test('a user is logged in once by the dialects of all connectors', async () => {
    const first = open('jsonTo', 0)
    const id = await register(first, 'once')
    expect(await first.logIn(id)).toEqual({ msgid: 2, errno: 0, id, name: 'once' })
    expect(await open('jsonTo', 1).logIn(id)).toEqual({ msgid: 2, errno: 2, errmsg: 'id is online' })
    const other = open('jsonToid', 1)
    expect(await other.logIn(id)).toMatchObject({ errno: 2, errmsg: 'this account is using, input another!' })
    first.close()
    await loggedIn(other, id)
    other.send({ msgid: 3, id })
    await loggedIn(open('jsonTo', 0), id)
  })

  test('a browser and both dialects in one group; a friend request from the browser is accepted by adding back', async () => {
    const [li, mei] = [open('jsonTo', 0), open('jsonToid', 1)]
    const [liId, meiId] = [await register(li, 'li'), await register(mei, 'mei', 4)]
    await li.logIn(liId)
    await mei.logIn(meiId)
    const ann = await browserOf('ann', 1)
    await ann.request('friend.request', { user: liId })
    await li.comes({ id: 0, msg: `${ann.userId} (ann) asks to be your friend: add ${ann.userId} to accept` })
    li.send({ msgid: 6, id: liId, friendid: ann.userId })
    await li.comes({ id: 0, msg: `${ann.userId} (ann) is your friend now` })
    li.send({ msgid: 6, id: liId, friendid: meiId })
    await mei.comes({ id: 0, msg: `${liId} (li) is your friend now` })
    mei.send({ msgid: 8, id: meiId, groupname: 'tea', groupdesc: 'and cake' })
    const groupid = await toldId(mei, 'group tea created: id ')
    const conversation = `g${groupid}`
    li.send({ msgid: 8, id: liId, groupid })
    await li.comes({ id: 0, msg: `you are in group ${groupid}` })
    await ann.request('group.join', { conversation })
    await ann.send(conversation, 'from a browser')
    await li.comes({ msgid: 9, id: ann.userId, name: 'ann', groupid, msg: 'from a browser' })
    await mei.comes({ msgid: 10, id: ann.userId, name: 'ann', groupid, msg: 'from a browser' })
    li.send({ msgid: 9, id: meiId, name: 'mei', groupid, msg: 'from json-to' })
    await mei.comes({ msgid: 10, id: liId, name: 'li', groupid, msg: 'from json-to' })
    const shown = () => [...ann.shown(conversation).values()].map(({ actor, data }) => [actor, data.body])
    await waitUntil(() => shown().some(([actor]) => actor === liId), { deadlineMs, what: 'the browser shows it' })
    expect(shown()).toContainEqual([liId, { kind: 'text', text: 'from json-to' }])
    await ann.close()
  })

  test('a connector is killed in the middle: what was accepted and not shown is missed at the next login, in order', async () => {
    const [sender, reader] = [open('jsonTo', 0), open('jsonToid', 1)]
    const [senderId, readerId] = [await register(sender, 'sender'), await register(reader, 'reader', 4)]
    await sender.logIn(senderId)
    await reader.logIn(readerId)
    sender.send({ msgid: 7, id: senderId, groupname: 'news', groupdesc: '' })
    const groupid = await toldId(sender, 'group news created: id ')
    reader.send({ msgid: 9, id: readerId, groupid })
    await reader.comes({ id: 0, msg: `you are in group ${groupid}` })
    const sent = Array.from({ length: 300 }, (_, n) => `news ${n}`)
    const chat = (msg: string): Message => ({ msgid: 9, id: senderId, name: 'sender', groupid, msg, time: '' })
    const witness = await browserOf('witness', 0)
    await witness.request('group.join', { conversation: `g${groupid}` })
    sender.send(...sent.slice(0, 200).map(chat))
    await waitUntil(() => reader.texts().length >= 50, { deadlineMs, what: 'the reader is shown some' })
    connectors()[1]?.kill('SIGKILL')
    sender.send(...sent.slice(200).map(chat))
    await waitUntil(() => !reader.isOpen(), { deadlineMs, what: 'the reader is cut off' })
    const accepted = () =>
      [...witness.shown(`g${groupid}`).values()].flatMap(({ type, data }) =>
        type === 'messagePosted' ? [String((data.body as { text: string }).text)] : [],
      )
    await waitUntil(() => accepted().length === sent.length, { deadlineMs, what: 'everything is accepted' })
    const back = open('jsonTo', 0)
    const killedAt = Date.now()
    await loggedIn(back, readerId)
    expect(Date.now() - killedAt).toBeLessThan(10_000)
    await waitUntil(() => back.texts().includes('news 299'), { deadlineMs, what: 'the last one is shown' })
    // A message whose cursor had not moved yet may come twice, none may be missing, and each connection has them in order.
    const [before, after] = [reader.texts(), back.texts()]
    expect(before).toEqual(sent.slice(0, before.length))
    expect(after).toEqual(sent.slice(sent.length - after.length))
    expect(before.length + after.length).toBeGreaterThanOrEqual(sent.length)
    await witness.close()
  })

  test('no client would have aborted', () => {
    expect(clients.flatMap(({ aborts }) => aborts)).toEqual([])
    for (const client of clients) client.close()
  })
}

/** Tries until he is free, as after a connection that closed or a connector that died. */
const loggedIn = async (client: DialectClient, id: number): Promise<void> => {
  await waitUntil(async () => (await client.logIn(id)).errno === 0, { deadlineMs, what: `${id} is let in` })
}
