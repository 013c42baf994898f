import fc from 'fast-check'
import { expect, test } from 'vitest'
import { connectJson, dialectsOf } from './json-client.ts'
import { ask, join, say } from './people.ts'
import { protobufDialectsOf } from './protobuf-client.ts'
import { bytesOf, decode, encode, numberOf, request, textOf } from './protobuf-wire.ts'
import { connectTcp } from './tcp-client.ts'
import { asks, chat, logIn, offline, people, pushed, register, texts, users } from './unit-people.ts'
import { startWorld } from './world.ts'

const start = async (connectors = 2) => {
  const world = await startWorld({ connectors })
  const dialects = protobufDialectsOf(world)
  return { world, to: (connector = 0) => connectTcp(world, dialects, 'unit', connector) }
}

test('register, log in as often as one likes, user info, log out', async () => {
  const { world, to } = await start()
  const ann = to(0)
  const [annId] = await people(world, ann, 'ann')
  expect(annId).toBeGreaterThan(0)
  expect(await register(world, ann, 'ann')).toBe(-1)
  expect(decode(await asks(world, ann, 'GetUserInfo', [[1, annId]]))).toEqual([[1, -1]])
  const failure = await logIn(world, ann, annId, 'no')
  expect([numberOf(failure, 1), textOf(bytesOf(failure, 2)[0] ?? failure, 2)]).toEqual([0, 'login error'])
  const others = [to(0), to(1), to(1)]
  for (const client of [ann, ...others]) expect(decode(await logIn(world, client, annId))).toEqual([[1, 1]])
  const info = await asks(world, ann, 'GetUserInfo', [[1, annId]])
  expect([numberOf(info, 1), textOf(info, 2)]).toEqual([annId, 'ann'])
  expect(decode(await asks(world, ann, 'GetUserInfo', [[1, 999_999]]))).toEqual([[1, -1]])
  ann.send(request('LoginOut', [[1, annId]]))
  expect(decode(await asks(world, ann, 'GetUserInfo', [[1, annId]]))).toEqual([[1, -1]])
  expect(decode(await logIn(world, ann, annId))).toEqual([[1, 1]])
  await world.stop()
  await world.until(() => !ann.isOpen)
  expect(decode(ann.frames.at(-1) ?? Buffer.alloc(0))).toEqual([
    [1, Buffer.from('LoginOut')],
    [2, Buffer.from('server crash')],
  ])
  expect(world.failures).toEqual([])
})

test('friends are added and deleted, with its own spelling and the right one; what fails is raw text', async () => {
  const { world, to } = await start()
  const [ann, bob] = [to(0), to(1)]
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  await logIn(world, ann, annId)
  await logIn(world, bob, bobId)
  expect(decode(await asks(world, ann, 'GetFriendList', [[1, annId]]))).toEqual([[1, 1]])
  for (const type of ['DelteFriend', 'DeleteFriend']) {
    ann.send(
      request('AddFriend', [
        [1, bobId],
        [2, bobId],
      ]),
    )
    await world.until(() => texts(bob).at(-1) === `server: ${annId} (ann) is your friend now`)
    const list = await asks(world, bob, 'GetFriendList', [[1, annId]])
    expect([numberOf(list, 1), users(list, 2)]).toEqual([1, [[annId, 'ann']]])
    ann.send(
      request(type, [
        [1, annId],
        [2, bobId],
      ]),
    )
    expect(decode(await asks(world, ann, 'GetFriendList', [[1, annId]]))).toEqual([[1, 1]])
    await world.clock.advance(1_000)
    bob.send(request('GetUserInfo', [[1, bobId]]))
  }
  expect(
    (
      await asks(world, ann, 'AddFriend', [
        [1, annId],
        [2, 999_999],
      ])
    ).toString(),
  ).toMatch(/^999999 was not added: /)
  expect(
    (
      await asks(world, to(0), 'AddFriend', [
        [1, annId],
        [2, bobId],
      ])
    ).toString(),
  ).toBe('you are not logged in')
  await world.stop()
})

test('groups: create, join, members, quit; their messages name group and sender', async () => {
  const { world, to } = await start()
  const [ann, bob, cem] = [to(0), to(1), to(1)]
  const [annId, bobId, cemId] = await people(world, ann, 'ann', 'bob', 'cem')
  await logIn(world, ann, annId)
  await logIn(world, bob, bobId)
  await logIn(world, cem, cemId)
  const groupid = numberOf(
    await asks(world, ann, 'CreateGroup', [
      [1, annId],
      [2, 'tea'],
    ]),
    1,
  )
  expect(
    numberOf(
      await asks(world, bob, 'CreateGroup', [
        [1, bobId],
        [2, 'tea'],
      ]),
      1,
    ),
  ).toBe(-1)
  expect(texts(bob)).toEqual([expect.stringMatching(/^server: group tea was not created: /)])
  bob.send(
    request('AddGroup', [
      [1, annId],
      [2, groupid],
    ]),
  )
  await world.until(() => texts(bob).includes(`server: you are in group ${groupid}`))
  const members = await asks(world, bob, 'GetGroupUsers', [[1, groupid]])
  expect(users(members, 1)).toEqual([
    [annId, 'ann'],
    [bobId, 'bob'],
  ])
  // Whoever is not in it is told nothing.
  expect((await asks(world, cem, 'GetGroupUsers', [[1, groupid]])).toString('hex')).toBe('0a00')
  const json = connectJson(world, dialectsOf(world), 'json-to', 0)
  json.send({ msgid: 1, id: annId, password: 'x' }, { msgid: 9, groupid, msg: 'hi all' })
  await world.until(() => texts(bob).includes('tea/ann: hi all'))
  bob.send(
    request('QuitGroup', [
      [1, annId],
      [2, groupid],
    ]),
  )
  expect((await asks(world, bob, 'GetGroupUsers', [[1, groupid]])).toString('hex')).toBe('0a00')
  expect(
    (
      await asks(world, bob, 'QuitGroup', [
        [1, bobId],
        [2, groupid],
      ])
    ).toString(),
  ).toMatch(/^you did not leave group /)
  await world.stop()
  expect(world.failures).toEqual([])
})

test('a message comes out byte by byte as it went in, to others as text or by its kind', async () => {
  const { world, to } = await start()
  const [ann, bob] = [to(0), to(1)]
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  await logIn(world, ann, annId)
  await logIn(world, bob, bobId)
  const browser = await join(world, 'dan', 0)
  const sent = ['你好', Buffer.from([0xff, 0, 1]), Buffer.from('a\0b'), 'x\u0001y', '{"from":"ann"}']
  for (const msg of sent) chat(ann, bobId, msg)
  await world.until(() => pushed(bob).length === sent.length)
  expect(pushed(bob)).toEqual(sent.map((msg) => Buffer.from(msg)))
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
      const from = pushed(bob).length
      chat(ann, bobId, Buffer.from(bytes))
      await world.until(() => pushed(bob).length > from)
      expect(pushed(bob)[from]).toEqual(Buffer.from(bytes))
    }),
    { numRuns: 20 },
  )
  chat(ann, browser.userId, Buffer.from([0xff]))
  await world.until(() => browser.client.pushes('event').length > 0)
  expect(browser.client.pushes('event')[0]).toMatchObject({
    data: { body: { kind: 'custom', type: 'bytes', data: { base64: '/w==' } } },
  })
  await ask(world, browser.client, say(world, 1, { user: bobId }, 'from a browser'))
  await world.until(() => texts(bob).includes('from a browser'))
  chat(ann, 999_999, 'x')
  await world.until(() => texts(ann).length === 1)
  expect(texts(ann)[0]).toMatch(/^server: your message to 999999 was not sent: /)
  await world.stop()
})

test('what was missed waits until it is asked for, once; what happens comes at once and is not lost with it', async () => {
  const { world, to } = await start()
  const [ann, bob] = [to(0), to(1)]
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  await logIn(world, ann, annId)
  const missed = Array.from({ length: 30 }, (_, n) => `missed ${n}`)
  for (const msg of missed) chat(ann, bobId, msg)
  await asks(world, ann, 'GetUserInfo', [[1, annId]])
  await logIn(world, bob, bobId)
  chat(ann, bobId, 'now')
  await world.until(() => texts(bob).length === 1)
  expect(texts(bob)).toEqual(['now'])
  await world.clock.advance(2_000)
  bob.cut()
  await world.clock.settle()
  // Nothing was asked for: all of it is still missed.
  const again = to(1)
  await logIn(world, again, bobId)
  chat(ann, bobId, 'meanwhile')
  await world.until(() => texts(again).length === 1)
  expect((await offline(world, again)).map(String)).toEqual([...missed, 'now'])
  expect((await offline(world, again)).map(String)).toEqual([''])
  chat(ann, bobId, 'later')
  await world.until(() => texts(again).length === 2)
  expect(texts(again)).toEqual(['meanwhile', 'later'])
  await world.clock.advance(2_000)
  again.cut()
  await world.clock.settle()
  const last = to(0)
  await logIn(world, last, bobId)
  expect((await asks(world, last, 'ReadOfflineMsg', [[1, bobId]])).toString('hex')).toBe('0a00')
  await world.stop()
  expect(world.failures).toEqual([])
})

test('missed messages that are long come in answers of some 64 KiB, as often as it is asked', async () => {
  const { world, to } = await start(1)
  const [ann, bob] = [to(), to()]
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  await logIn(world, ann, annId)
  const sent = Array.from({ length: 30 }, (_, n) => `${n} ${'x'.repeat(3_900)}`)
  for (const msg of sent) chat(ann, bobId, msg)
  await asks(world, ann, 'GetUserInfo', [[1, annId]])
  await logIn(world, bob, bobId)
  const [first, second, third] = [await offline(world, bob), await offline(world, bob), await offline(world, bob)]
  expect([first.length, second.length, third.length]).toEqual([17, 13, 1])
  expect([...first, ...second].map(String)).toEqual(sent)
  await world.stop()
})

test('a request of chat.v1 is told, at once or at the login, and accepted by adding back', async () => {
  const { world, to } = await start()
  const bob = to(0)
  const [bobId] = await people(world, bob, 'bob')
  const ann = await join(world, 'ann', 1)
  await ask(world, ann.client, { op: 'friend.request', ref: 1, user: bobId })
  await logIn(world, bob, bobId)
  await world.until(() => texts(bob).length === 1)
  expect(texts(bob)).toEqual([`server: ${ann.userId} (ann) asks to be your friend: add ${ann.userId} to accept`])
  bob.send(
    request('AddFriend', [
      [1, 5],
      [2, ann.userId],
    ]),
  )
  await world.until(() => texts(bob).includes(`server: ${ann.userId} (ann) is your friend now`))
  await world.stop()
})

test('answers keep the order of fifty requests in one write, and of one byte a write; a lone type is whole after a moment', async () => {
  const { world, to } = await start(1)
  const ann = to()
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  const login = request('Login', [
    [1, annId],
    [2, 'x'],
  ])
  const infos = Array.from({ length: 49 }, (_, n) => request('GetUserInfo', [[1, n % 2 === 0 ? bobId : annId]]))
  const from = ann.frames.length
  ann.send(Buffer.concat([login, ...infos]))
  await world.until(() => ann.frames.length === from + 50)
  expect(ann.frames.slice(from + 1).map((frame) => textOf(frame, 2))).toEqual(
    infos.map((_, n) => (n % 2 === 0 ? 'bob' : 'ann')),
  )
  for (const byte of Buffer.concat([request('GetFriendList'), request('GetUserInfo', [[1, bobId]])]))
    ann.send(Buffer.from([byte]))
  await world.until(() => ann.frames.length === from + 52)
  ann.send(request('GetFriendList'))
  await world.clock.advance(40)
  expect(ann.frames).toHaveLength(from + 52)
  await world.clock.advance(100)
  expect(ann.frames).toHaveLength(from + 53)
  ann.send(request('GetFriendList'))
  ann.end()
  await world.until(() => !ann.isOpen)
  expect(ann.frames).toHaveLength(from + 54)
  await world.stop()
})

test('what cannot be read is refused or closes that connection; no answer is empty; others notice nothing', async () => {
  const { world, to } = await start(1)
  const innocent = to()
  const [annId, bobId] = await people(world, innocent, 'ann', 'bob')
  const raw = (type: string) =>
    encode([
      [1, type],
      [2, Buffer.from([0xff, 0xff])],
    ])
  const stranger = to()
  const types = ['Login', 'Regist', 'GetUserInfo', 'GetFriendList', 'ReadOfflineMsg', 'CreateGroup', 'GetGroupUsers']
  for (const type of [...types, 'AddFriend', 'DelteFriend', 'AddGroup', 'QuitGroup']) {
    for (const bytes of [raw(type), request(type, [[1, 1]])]) {
      const from = stranger.frames.length
      stranger.send(bytes)
      await world.until(() => stranger.frames.length > from)
      expect(stranger.frames[from]?.length).toBeGreaterThan(0)
    }
  }
  for (const type of ['ConveyMsg', 'constructor', ''])
    stranger.send(
      encode([
        [1, type],
        [2, 'x'],
      ]),
    )
  for (const junk of ['ffffffffffff', '0bff', '12ffffffff0f41', '0801']) {
    const one = to()
    one.send(Buffer.from(junk, 'hex'))
    await world.until(() => !one.isOpen)
  }
  await logIn(world, innocent, annId)
  await logIn(world, stranger, bobId)
  chat(stranger, annId, 'still here')
  await world.until(() => texts(innocent).includes('still here'))
  await world.stop()
  expect(world.failures).toEqual([])
})
