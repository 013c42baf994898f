import { expect, test } from 'vitest'
import { connectJson, dialectsOf } from './json-client.ts'
import { ask, join, say } from './people.ts'
import { protobufDialectsOf } from './protobuf-client.ts'
import { bytesOf, numberOf, request, textOf } from './protobuf-wire.ts'
import { connectTcp, type TcpClient } from './tcp-client.ts'
import { startWorld, type World } from './world.ts'

const start = async (connectors = 2) => {
  const world = await startWorld({ connectors })
  const dialects = protobufDialectsOf(world)
  return { world, to: (connector = 0) => connectTcp(world, dialects, 'envelope', connector) }
}

interface Answer {
  readonly type: string
  readonly message: Buffer
}

/** As a stock client reads it: the C string of one read must be one message. */
const answerOf = (frame: Buffer): Answer => {
  const end = frame.indexOf(0)
  if (frame.length !== 1_024 || end < 1 || frame.subarray(end).some((byte) => byte !== 0))
    throw new Error(`no frame: ${frame.length} bytes, NUL at ${end}`)
  const payload = frame.subarray(0, end)
  return { type: textOf(payload, 1), message: bytesOf(payload, 2)[0] ?? Buffer.alloc(0) }
}

const heard = (client: TcpClient, type: string) => client.frames.map(answerOf).filter((answer) => answer.type === type)

const nul = Buffer.alloc(1)

/** The next message of a type that comes when this was said. */
const asks = async (world: World, client: TcpClient, bytes: Buffer, type: string): Promise<Buffer> => {
  const from = heard(client, type).length
  client.send(Buffer.concat([bytes, nul]))
  await world.until(() => heard(client, type).length > from)
  return heard(client, type)[from]?.message ?? nul
}

const outcome = async (...args: Parameters<typeof asks>) => {
  const message = await asks(...args)
  return [numberOf(message, 1), textOf(message, 2)]
}

const credentials = (name: string, password: string) =>
  [
    [1, name],
    [2, password],
  ] as const
const logIn = (world: World, client: TcpClient, name: string, password = 'x') =>
  outcome(world, client, request('Login', credentials(name, password)), 'Login')
const register = (world: World, client: TcpClient, name: string) =>
  outcome(world, client, request('Register', credentials(name, 'x')), 'Register')
const chat = (world: World, client: TcpClient, recvName: string, msg: string) =>
  outcome(
    world,
    client,
    request('chatMessage', [
      [1, 'somebody else'],
      [2, recvName],
      [3, msg],
      [4, '1999'],
    ]),
    'SendChatMessage',
  )
const chatOf = (message: Buffer) => [1, 2, 3].map((number) => textOf(message, number))
const chats = (client: TcpClient) => heard(client, 'RecvChatMessage').map(({ message }) => chatOf(message))
const offline = (client: TcpClient) =>
  heard(client, 'ReadOffline').flatMap(({ message }) => bytesOf(message, 2).map(chatOf))

test('register, log in, chat with acknowledgements, log out and in again', async () => {
  const { world, to } = await start()
  const [ann, bob] = [to(0), to(1)]
  expect(await register(world, ann, 'ann')).toEqual([1, 'Register success'])
  expect(await register(world, ann, 'ann')).toEqual([0, 'Register fail , user already exist'])
  expect(await register(world, ann, '')).toEqual([0, expect.stringMatching(/^Register fail , /)])
  expect(await register(world, bob, '李雷')).toEqual([1, 'Register success'])
  expect(await chat(world, ann, '李雷', 'hi')).toEqual([0, 'send chat Message request error'])
  expect(await logIn(world, ann, 'ann', 'no')).toEqual([0, 'password error'])
  expect(await logIn(world, ann, 'nobody')).toEqual([0, 'password error'])
  expect(await logIn(world, ann, 'ann')).toEqual([1, 'login success'])
  expect(await logIn(world, bob, '李雷')).toEqual([1, 'login success'])
  expect(await chat(world, ann, '李雷', 'a\0b')).toEqual([1, 'send chat Message request success'])
  expect(await chat(world, ann, 'nobody', 'hi')).toEqual([0, 'send chat Message request error'])
  await world.until(() => chats(bob).length === 1)
  expect(chats(bob)).toEqual([['ann', '李雷', 'ab']])
  expect(textOf(heard(bob, 'RecvChatMessage')[0]?.message ?? nul, 4)).toMatch(/^2026-01-01 00:\d\d:\d\d$/)
  expect(await outcome(world, ann, request('Logout', [[1, 'bob']]), 'Logout')).toEqual([1, 'Logout success'])
  expect(await outcome(world, ann, request('Logout', [[1, 'ann']]), 'Logout')).toEqual([0, 'Logout fail'])
  expect(await logIn(world, ann, 'ann')).toEqual([1, 'login success'])
  expect(chats(ann)).toEqual([])
  await world.stop()
  expect(world.failures).toEqual([])
  await world.until(() => !ann.isOpen)
  expect(answerOf(ann.frames.at(-1) ?? nul)).toEqual({ type: 'LogOut', message: Buffer.from('server crash') })
})

test('who is in by envelope or by JSON is not let in by either, on whatever connector, until he goes', async () => {
  const { world, to } = await start()
  const json = dialectsOf(world)
  const first = to(0)
  await register(world, first, 'ann')
  await logIn(world, first, 'ann')
  expect(await logIn(world, to(1), 'ann')).toEqual([0, 'user already login'])
  const other = connectJson(world, json, 'json-to', 1)
  const id = (await world.run(world.readModels.userByName('ann')))?.id ?? 0
  other.send({ msgid: 1, id, password: 'x' })
  await world.until(() => other.messages.length === 1)
  expect(other.messages[0]).toMatchObject({ errno: 2 })
  first.cut()
  await world.clock.settle()
  other.send({ msgid: 1, id, password: 'x' })
  await world.until(() => other.messages.length === 2)
  expect(other.messages[1]).toMatchObject({ errno: 0 })
  expect(await logIn(world, to(0), 'ann')).toEqual([0, 'user already login'])
  await world.stop()
})

test('all users come, as many answers as it takes', async () => {
  const { world, to } = await start(1)
  const ann = to()
  const names = Array.from({ length: 60 }, (_, n) => `somebody with a long name, number ${n}`)
  for (const name of names) await register(world, ann, name)
  const none = await asks(world, ann, request('getUserInfo'), 'GetUserInfo')
  expect(none).toHaveLength(0)
  await logIn(world, ann, names[0] ?? '')
  ann.send(Buffer.concat([request('getUserInfo', [[1, 'anything']]), nul]))
  const told = () =>
    heard(ann, 'GetUserInfo').flatMap(({ message }) => bytesOf(message, 2).map((name) => name.toString('utf8')))
  await world.until(() => told().length >= names.length)
  expect(told().toSorted()).toEqual(names.toSorted())
  const pages = heard(ann, 'GetUserInfo').slice(1)
  expect(pages.length).toBeGreaterThan(2)
  for (const { message } of pages) expect(numberOf(message, 1)).toBe(1)
  await world.stop()
})

test('what was missed comes after the login, many a frame, oldest first, once; long texts in pieces', async () => {
  const { world, to } = await start()
  const [ann, bob] = [to(0), to(1)]
  for (const name of ['ann', 'bob']) await register(world, ann, name)
  await logIn(world, ann, 'ann')
  const long = '👨‍👩‍👧‍👦'.repeat(150)
  const texts = [...Array.from({ length: 60 }, (_, n) => `missed ${n}`), long, 'last']
  for (const text of texts) expect(await chat(world, ann, 'bob', text)).toEqual([1, expect.any(String)])
  await logIn(world, bob, 'bob')
  await world.until(() => offline(bob).at(-1)?.[2] === 'last')
  expect(offline(bob).every(([from, to]) => from === 'ann' && to === 'bob')).toBe(true)
  const shown = offline(bob).map(([, , text]) => text)
  expect(shown.slice(0, 60)).toEqual(texts.slice(0, 60))
  expect(shown.slice(60).join('')).toBe(`${long}last`)
  expect(heard(bob, 'ReadOffline').length).toBeLessThan(20)
  await chat(world, ann, 'bob', 'now')
  await world.until(() => chats(bob).length === 1)
  await world.clock.advance(2_000)
  bob.cut()
  await world.clock.settle()
  const back = to(0)
  await logIn(world, back, 'bob')
  await world.clock.advance(2_000)
  expect([offline(back), chats(back)]).toEqual([[], []])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('a client that stalls gets the rest at its next login, nothing twice', async () => {
  const { world, to } = await start()
  const [ann, bob] = [to(0), to(1)]
  for (const name of ['ann', 'bob']) await register(world, ann, name)
  await logIn(world, ann, 'ann')
  await logIn(world, bob, 'bob')
  bob.stall()
  for (let n = 0; n < 50; n++) await chat(world, ann, 'bob', `unread ${n}`)
  await world.clock.advance(120_000)
  expect(bob.isOpen).toBe(false)
  const back = to(0)
  await logIn(world, back, 'bob')
  await world.until(() => offline(back).length >= 50)
  expect(offline(back).map(([, , text]) => text)).toEqual(Array.from({ length: 50 }, (_, n) => `unread ${n}`))
  await world.stop()
})

test('a browser, a JSON client and this one hear each other; groups are named before the sender', async () => {
  const { world, to } = await start()
  const bob = to(0)
  const json = connectJson(world, dialectsOf(world), 'json-to', 1)
  for (const name of ['bob', 'cem']) await register(world, bob, name)
  await logIn(world, bob, 'bob')
  const [bobId, cemId] = await Promise.all(
    ['bob', 'cem'].map(async (name) => (await world.run(world.readModels.userByName(name)))?.id ?? 0),
  )
  json.send({ msgid: 1, id: cemId, password: 'x' })
  const ann = await join(world, 'ann', 1)
  const group = { op: 'group.create', title: 'Tea', visibility: 'private', members: [bobId, cemId] }
  const { conversation } = await ask(world, ann.client, { ...group, ref: 1 })
  await ask(world, ann.client, say(world, 2, { conversation }, 'from a browser'))
  await world.until(() => chats(bob).some(([, , text]) => text === 'Tea/ann: from a browser'))
  expect(chats(bob).at(-1)?.[0]).toBe('ann')
  json.send({ msgid: 9, groupid: Number(String(conversation).slice(1)), msg: 'from json-to' })
  await world.until(() => chats(bob).some(([from, , text]) => from === 'cem' && text === 'Tea/cem: from json-to'))
  await ask(world, ann.client, { op: 'group.change', ref: 3, conversation, title: 'Cake' })
  await ask(world, ann.client, say(world, 4, { conversation }, 'renamed'))
  await world.until(() => chats(bob).some(([, , text]) => text === 'Cake/ann: renamed'))
  await chat(world, bob, 'ann', 'direct')
  await world.until(() => ann.client.pushes('event').some(({ actor }) => actor === bobId))
  await world.stop()
  expect(world.failures).toEqual([])
})

test('what cannot be read closes that connection, after what came before it; others notice nothing', async () => {
  const { world, to } = await start(1)
  const innocent = to()
  await register(world, innocent, 'ann')
  await logIn(world, innocent, 'ann')
  const good = Buffer.concat([request('Register', credentials('bob', 'x')), nul])
  for (const junk of ['ffffffffffff', '0bff', '0a8080808080808080808080', '12ffffffff0f41', '0801', '070707']) {
    const stranger = to()
    stranger.send(Buffer.concat([good, Buffer.from(junk, 'hex')]))
    await world.until(() => !stranger.isOpen)
    expect(heard(stranger, 'Register')).toHaveLength(1)
  }
  const slow = to()
  slow.send(request('Login', credentials('ann', 'x')))
  await world.clock.advance(11_000)
  expect([slow.isOpen, slow.frames.length]).toEqual([false, 0])
  for (const type of ['forwardMessage', 'WriteOffline', 'toString', ''])
    innocent.send(Buffer.concat([request(type, [[1, 'x']]), nul]))
  innocent.send(Buffer.concat([encodeRaw('Login'), nul]))
  await world.until(() => heard(innocent, 'Login').length === 2)
  expect(textOf(heard(innocent, 'Login')[1]?.message ?? nul, 2)).toBe('password error')
  expect(await chat(world, innocent, 'bob', 'still here')).toEqual([1, expect.any(String)])
  await world.stop()
  expect(world.failures).toEqual([])
})

/** A known type around something that is no message. */
const encodeRaw = (type: string) =>
  Buffer.concat([Buffer.from([10, type.length]), Buffer.from(type), Buffer.from([18, 2, 0xff, 0xff])])

test('fifty requests in one write are answered in order, and one byte a write as well', async () => {
  const { world, to } = await start(1)
  const ann = to()
  const many = Array.from({ length: 50 }, (_, n) => [request('Register', credentials(`u${n % 25}`, 'x')), nul]).flat()
  ann.send(Buffer.concat(many))
  await world.until(() => heard(ann, 'Register').length === 50)
  expect(heard(ann, 'Register').map(({ message }) => numberOf(message, 1))).toEqual(
    Array.from({ length: 50 }, (_, n) => (n < 25 ? 1 : 0)),
  )
  const login = Buffer.concat([request('Login', credentials('u1', 'x')), nul])
  for (const byte of login) ann.send(Buffer.from([byte]))
  await world.until(() => heard(ann, 'Login').length === 1)
  await world.stop()
})
