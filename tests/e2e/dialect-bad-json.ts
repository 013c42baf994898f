import { waitUntil } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { connectDialect, type DialectClient } from './dialect-client.ts'
import type { DialectTarget } from './dialect-target.ts'
import { connectRudeTcp } from './rude-tcp.ts'

const deadlineMs = 20_000

export const deep = (count: number): string => '['.repeat(count)

/** What is wrong in requests of the JSON dialects. */
export const badJson = (target: () => DialectTarget): void => {
  describe.each([
    { name: 'json-to', place: 'JSON_TO', chat: 5, receiver: 'to' },
    { name: 'json-toid', place: 'JSON_TOID', chat: 6, receiver: 'toid' },
  ] as const)('$name', ({ name, place, chat, receiver }) => {
    const port = () => target().ports[place]
    const shift = chat - 5
    const enter = async (who: string): Promise<{ readonly client: DialectClient; readonly id: number }> => {
      const client = connectDialect(port())
      client.send({ msgid: 3 + shift, name: who, password: 'x' })
      const { id } = await client.comes({ msgid: 4 + shift, errno: 0 })
      await client.logIn(Number(id))
      return { client, id: Number(id) }
    }

    test('what is far too long, too deep or too large closes, or is refused', async () => {
      for (const bytes of [Buffer.alloc(70_000, 'x'), Buffer.from(`{"msgid":1,"x":"${'y'.repeat(70_000)}"}\0`)]) {
        const client = connectRudeTcp(port())
        await client.write(bytes)
        await client.closed
        expect(client.received()).toHaveLength(0)
      }
      for (const text of [deep(60_000), `${deep(30_000)}${']'.repeat(30_000)}`, '9'.repeat(60_000)]) {
        const client = connectRudeTcp(port())
        await client.write(Buffer.from(`${text}\0`))
        await client.closed
      }
      const client = connectRudeTcp(port())
      for (const id of ['1e400', '9'.repeat(60_000), deep(20_000) + ']'.repeat(20_000), '-1', '9007199254740993'])
        await client.write(Buffer.from(`{"msgid":1,"id":${id},"password":"x"}\0`))
      const answers = (await client.receives(5 * 1_024)).toString().match(/"errno":1/g)
      expect(answers).toHaveLength(5)
      client.close()
    })

    test('each field of each request with each wrong type is told to be unreadable, and nothing is done', async () => {
      const { client } = await enter(`${name}-types`)
      const numbers = ['null', 'true', '1.5', '"7"', '[]', '{}', '1e400', undefined]
      const texts = ['null', 'true', '7', '[]', '{}', undefined]
      const requests = [
        { msgid: chat, fields: { [receiver]: numbers, msg: texts } },
        { msgid: chat + 1, fields: { friendid: numbers } },
        { msgid: chat + 2, fields: { groupname: texts, groupdesc: texts } },
        { msgid: chat + 3, fields: { groupid: numbers } },
        { msgid: chat + 4, fields: { groupid: numbers, msg: texts } },
      ]
      const bobId = target().innocentsOf(name).to.id
      let expected = 0
      for (const { msgid, fields } of requests)
        for (const [field, values] of Object.entries(fields))
          for (const value of values) {
            const others = Object.entries(fields)
              .filter(([other]) => other !== field)
              .map(([other, kinds]) => `,"${other}":${kinds === numbers ? bobId : '"x"'}`)
            const wrong = value === undefined ? '' : `,"${field}":${value}`
            client.sendText(`{"msgid":${msgid}${others.join('')}${wrong}}`)
            expected++
          }
      const told = () => client.messages.filter(({ msg }) => msg === 'your request could not be read: nothing was done')
      await waitUntil(() => told().length >= expected, { deadlineMs, what: () => `${told().length} are ${expected}` })
      client.send({ msgid: chat, [receiver]: 0.5 }) // One more, behind which nothing else can be.
      await waitUntil(() => told().length > expected, { deadlineMs, what: 'the last one is told' })
      // Its registration and its login were answered, and nothing else came.
      expect(client.messages).toHaveLength(2 + expected + 1)
      client.close()
    })

    test('numbers of messages that there are not are passed over, also those that servers said to each other', async () => {
      const { client } = await enter(`${name}-unknown`)
      const strange = [0, -1, 11, 99, 2 ** 31, 1.5, '1', null, true, [], {}, 'forwardMessage', 'WriteOffline']
      client.send(...strange.map((msgid) => ({ msgid, id: 1, password: 'x', name: 'x', msg: 'x' })), { id: 1 })
      client.send({ msgid: chat })
      await client.comes({ msg: 'your request could not be read: nothing was done' })
      expect(client.messages).toHaveLength(3)
      client.close()
    })

    test('whoever a request says it is of, it is of who is logged in', async () => {
      const [mallory, bob] = [await enter(`${name}-mallory`), await enter(`${name}-victim`)]
      const { from: ann } = target().innocentsOf(name)
      const liar = { id: ann.id, name: ann.name }
      mallory.client.send({ msgid: chat, ...liar, [receiver]: bob.id, msg: 'a chat' })
      mallory.client.send({ msgid: chat + 1, ...liar, friendid: bob.id })
      await bob.client.comes({ msgid: chat, id: mallory.id, name: `${name}-mallory`, msg: 'a chat' })
      await bob.client.comes({ id: 0, msg: `${mallory.id} (${name}-mallory) is your friend now` })
      mallory.client.send({ msgid: chat + 2, ...liar, groupname: `${name}-tea`, groupdesc: '' })
      const created = `group ${name}-tea created: id `
      const text = await waitUntil(
        () => mallory.client.messages.map(({ msg }) => String(msg)).find((msg) => msg.startsWith(created)),
        { deadlineMs, what: 'the group is made' },
      )
      const groupid = Number(text.slice(created.length))
      bob.client.send({ msgid: chat + 3, ...liar, groupid })
      await bob.client.comes({ id: 0, msg: `you are in group ${groupid}` })
      mallory.client.send({ msgid: chat + 4, ...liar, groupid, msg: 'a group chat' })
      await bob.client.comes({ msgid: chat + 4, id: mallory.id, name: `${name}-mallory`, msg: 'a group chat' })
      // The innocents are looked at afterwards: neither was logged out.
      mallory.client.send({ msgid: name === 'json-to' ? 10 : 3, ...liar })
      expect(await mallory.client.logIn(mallory.id)).toMatchObject({ errno: 0, id: mallory.id })
      for (const { client } of [mallory, bob]) {
        expect(client.aborts).toEqual([])
        client.close()
      }
    })
  })
}
