import type { ServiceProcess } from '@chat/stack'
import { createDevice, type Device, registerAccount, waitUntil } from '@chat/testkit'
import { expect, test } from 'vitest'
import { numberOf } from '../memory/protobuf-wire.ts'
import { connectDialect } from './dialect-client.ts'
import { connectEnvelope, connectUnit, type EnvelopeClient, type UnitClient } from './protobuf-client.ts'

const deadlineMs = 20_000

/** A system of two connectors that speak the protobuf dialects and json-to, and where. */
export interface ProtobufSystem {
  readonly connectors: () => readonly ServiceProcess[]
  readonly ports: readonly { readonly envelope: number; readonly unit: number; readonly jsonTo: number }[]
}

const credentials = (who: string | number) =>
  [
    [1, who],
    [2, 'x'],
  ] as const

export const protobufScenarios = ({ connectors, ports }: ProtobufSystem): void => {
  const envelopes: EnvelopeClient[] = []
  const envelope = (connector: number): EnvelopeClient => {
    const client = connectEnvelope(ports[connector]?.envelope ?? 0)
    envelopes.push(client)
    return client
  }
  const unit = (connector: number): UnitClient => connectUnit(ports[connector]?.unit ?? 0)
  const urlOf = (connector: number) => connectors()[connector]?.url ?? ''
  const browserOf = async (name: string, connector: number): Promise<Device> => {
    const url = urlOf(connector)
    const device = createDevice({ urls: [url], account: await registerAccount(url, name) })
    await device.connect()
    return device
  }
  const shows = (client: EnvelopeClient | UnitClient, text: string) =>
    waitUntil(() => client.texts().includes(text), { deadlineMs, what: `${text} is shown` })

  test('by envelope a user is logged in once at all connectors, by unit as often as he likes', async () => {
    const first = envelope(0)
    expect(await first.asks('Register', credentials('once'), 'Register')).toBe('Register success')
    await loggedIn(first, 'once')
    const second = envelope(1)
    expect(await second.asks('Login', credentials('once'), 'Login')).toBe('user already login')
    expect(await first.asks('Logout', [[1, 'once']], 'Logout')).toBe('Logout success')
    await loggedIn(second, 'once')
    const [one, other] = [unit(0), unit(1)]
    const id = numberOf(await one.asks('Regist', credentials('often')), 2)
    for (const client of [one, other, unit(1)])
      await waitUntil(async () => numberOf(await client.asks('Login', credentials(id)), 1) === 1, {
        ...{ deadlineMs, what: 'he is let in' },
      })
    one.close()
    other.close()
  })

  test('envelope, unit, json-to and a browser in one group, each heard by all that can say or show it', async () => {
    const [li, mei] = [envelope(0), unit(1)]
    await li.asks('Register', credentials('li'), 'Register')
    await loggedIn(li, 'li')
    const meiId = numberOf(await mei.asks('Regist', credentials('mei')), 2)
    await waitUntil(async () => numberOf(await mei.asks('Login', credentials(meiId)), 1) === 1, {
      ...{ deadlineMs, what: 'mei is let in' },
    })
    const json = connectDialect(ports[0]?.jsonTo ?? 0)
    json.send({ msgid: 3, name: 'jon', password: 'x' })
    const jonId = Number((await json.comes({ msgid: 4, errno: 0 })).id)
    await json.logIn(jonId)
    const ann = await browserOf('ann', 1)
    const { user } = (await ann.request('user', { name: 'li' })) as unknown as { user: { id: number } }
    const { conversation } = (await ann.request('group.create', {
      ...{ title: 'Tea', visibility: 'private', members: [user.id, meiId, jonId] },
    })) as unknown as { conversation: string }
    await ann.send(conversation, 'from a browser')
    const groupid = Number(conversation.slice(1))
    await json.comes({ msgid: 9, id: ann.userId, groupid, msg: 'from a browser' })
    await Promise.all([shows(li, 'Tea/ann: from a browser'), shows(mei, 'Tea/ann: from a browser')])
    json.send({ msgid: 9, id: 1, groupid, msg: 'from json-to' })
    await Promise.all([shows(li, 'Tea/jon: from json-to'), shows(mei, 'Tea/jon: from json-to')])
    mei.send('ChatMsg', [
      [1, user.id],
      [2, 'from unit'],
    ])
    await shows(li, 'from unit')
    await ann.close()
    mei.close()
    json.close()
  })

  test('a connector is killed in the middle: what was accepted and not shown is missed at the next login, in order', async () => {
    const [sender, reader] = [envelope(0), envelope(1)]
    for (const name of ['sender', 'reader']) await sender.asks('Register', credentials(name), 'Register')
    await loggedIn(sender, 'sender')
    await loggedIn(reader, 'reader')
    const sent = Array.from({ length: 150 }, (_, n) => `news ${n}`)
    for (const [n, text] of sent.entries()) {
      const fields = [
        [1, 'sender'],
        [2, 'reader'],
        [3, text],
      ] as const
      expect(await sender.asks('chatMessage', fields, 'SendChatMessage')).toBe('send chat Message request success')
      if (n === 80) connectors()[1]?.kill('SIGKILL')
    }
    await waitUntil(() => !reader.isOpen(), { deadlineMs, what: 'the reader is cut off' })
    const back = envelope(0)
    await loggedIn(back, 'reader')
    await shows(back, 'news 149')
    const [before, after] = [reader.texts(), back.texts()]
    expect(before).toEqual(sent.slice(0, before.length))
    expect(after).toEqual(sent.slice(sent.length - after.length))
    expect(before.length + after.length).toBeGreaterThanOrEqual(sent.length)
  })

  test('no client would have aborted', () => {
    expect(envelopes.flatMap(({ aborts }) => aborts)).toEqual([])
    for (const client of envelopes) client.close()
  })
}

/** Tries until he is free, as after a connection that closed or a connector that died. */
const loggedIn = async (client: EnvelopeClient, name: string): Promise<void> => {
  await waitUntil(async () => (await client.asks('Login', credentials(name), 'Login')) === 'login success', {
    ...{ deadlineMs, what: `${name} is let in` },
  })
}
