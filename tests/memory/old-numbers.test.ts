import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import { actionClients, texts as actionTexts, enter as enterAction } from './action-client.ts'
import { firstId, importGroup, importUser } from './imported.ts'
import { connectJson, dialectsOf, type Message } from './json-client.ts'
import { comes, logIn, people, texts } from './json-people.ts'
import { ask, join, say } from './people.ts'
import { protobufDialectsOf } from './protobuf-client.ts'
import { type Fields, numberOf, request, textOf } from './protobuf-wire.ts'
import { connectTcp } from './tcp-client.ts'
import * as unit from './unit-people.ts'
import { createGround, startWorld, type WorldOptions } from './world.ts'

const start = async (options: WorldOptions = {}, over: Parameters<typeof dialectsOf>[1] = {}) => {
  const world = await startWorld({ connectors: 2, firstId, ...options })
  const dialects = dialectsOf(world, over)
  const to = (connector = 0) => connectJson(world, dialects, 'json-to', connector)
  const toid = (connector = 0) => connectJson(world, dialects, 'json-toid', connector)
  const stop = async () => {
    await world.stop()
    expect(world.failures).toEqual([])
  }
  return { world, to, toid, stop }
}

/** ann and bob came from a server of json-to, where they had the numbers 7 and 9; cem has his id alone. */
const startImported = async (options: WorldOptions = {}, over: Parameters<typeof dialectsOf>[1] = {}) => {
  const started = await start(options, over)
  const { world, to } = started
  const [annId, bobId, cemId] = await people(world, to(), 'ann', 'bob', 'cem')
  await importUser(world, 'ann', 'json-to', 7)
  await importUser(world, 'bob', 'json-to', 9)
  return { ...started, annId, bobId, cemId }
}

const ofOldNumbers: readonly PropertyKey[] = ['idsOfOld', 'oldIdsOf']

/** Old numbers can be looked up, or not; everything else can be read all the time, unless nothing can. */
const breakable = (isBroken = (read: PropertyKey) => ofOldNumbers.includes(read)) => {
  const ground = createGround()
  const state = { isAway: false }
  const readModels = new Proxy(ground.readModels, {
    get: (all, name) => {
      const read: unknown = Reflect.get(all, name)
      if (typeof read !== 'function' || !isBroken(name)) return read
      return async (...args: readonly unknown[]) => {
        if (state.isAway) throw new Fault('read_models_unavailable', 'away')
        return read.apply(all, args)
      }
    },
  })
  return { state, ground: { ...ground, readModels } }
}

const parsed = (answer: Message, field: string): readonly Message[] =>
  ((answer[field] ?? []) as string[]).map((text) => JSON.parse(text))

test('who was imported logs in by his old number, is shown by it, and writes to the old numbers of others', async () => {
  const { world, to, stop } = await startImported()
  const [ann, bob] = [to(0), to(1)]
  expect(await logIn(world, ann, 7)).toEqual({ msgid: 2, errno: 0, id: 7, name: 'ann' })
  await logIn(world, bob, 9)
  ann.send({ msgid: 5, id: 7, name: 'ann', to: 9, msg: 'hello', time: '' })
  expect(await comes(world, bob, { msgid: 5 })).toMatchObject({ id: 7, name: 'ann', to: 9, msg: 'hello' })
  bob.send({ msgid: 5, id: 9, name: 'bob', to: 7, msg: 'you too', time: '' })
  expect(await comes(world, ann, { msgid: 5 })).toMatchObject({ id: 9, name: 'bob', to: 7, msg: 'you too' })
  bob.cut()
  await world.clock.settle()
  ann.send({ msgid: 5, to: 9, msg: 'missed' })
  await world.clock.advance(1_000)
  const missed = parsed(await logIn(world, to(0), 9), 'offlinemsg')
  expect(missed).toMatchObject([{ msgid: 5, id: 7, name: 'ann', to: 9, msg: 'missed' }])
  await stop()
})

test('an old number is one of its dialect alone: by the other one and on the page the same user has his id', async () => {
  const { world, to, toid, stop, annId, bobId, cemId } = await startImported()
  const [ann, cem] = [to(0), toid(1)]
  await logIn(world, ann, 7)
  expect(await logIn(world, toid(1), 9)).toMatchObject({ errno: 1 })
  const bob = toid(0)
  expect(await logIn(world, bob, bobId)).toMatchObject({ errno: 0, id: bobId })
  // He is one user, whatever he is called: by one of these connections at a time.
  expect(await logIn(world, to(1), 9)).toMatchObject({ errno: 2 })
  await logIn(world, cem, cemId)
  ann.send({ msgid: 5, to: 9, msg: 'to bob' }, { msgid: 5, to: cemId, msg: 'to cem' })
  expect(await comes(world, bob, { msgid: 6 })).toMatchObject({ id: annId, toid: bobId, msg: 'to bob' })
  expect(await comes(world, cem, { msgid: 6 })).toMatchObject({ id: annId, toid: cemId, msg: 'to cem' })
  cem.send({ msgid: 6, toid: 7, msg: 'to nobody' }, { msgid: 6, toid: annId, msg: 'to ann' })
  expect(await comes(world, ann, { msgid: 5 })).toMatchObject({ id: cemId, to: 7, msg: 'to ann' })
  expect(texts(cem).at(-1)).toMatch(/^your message to 7 was not sent: /)
  const eve = await join(world, 'eve', 1)
  expect(await ask(world, eve.client, { op: 'user', ref: 1, name: 'ann' })).toMatchObject({ user: { id: annId } })
  await ask(world, eve.client, say(world, 2, { user: annId }, 'from the page'))
  expect(await comes(world, ann, { msg: 'from the page' })).toMatchObject({ id: eve.userId, to: 7 })
  ann.send({ msgid: 5, to: eve.userId, msg: 'to the page' })
  await world.until(() => eve.client.pushes('event').some(({ actor }) => actor === annId))
  // His own id is his as well: whoever learnt it elsewhere may say it.
  ann.cut()
  await world.clock.settle()
  expect(await logIn(world, to(0), annId)).toMatchObject({ errno: 0, id: 7 })
  await stop()
})

test('friends ask, accept and are listed by their old numbers', async () => {
  const { world, to, toid, stop, cemId, annId } = await startImported({}, { dialectAutofriend: 'false' })
  const [ann, bob, cem] = [to(0), to(1), toid(1)]
  await logIn(world, ann, 7)
  await logIn(world, bob, 9)
  await logIn(world, cem, cemId)
  ann.send({ msgid: 6, id: 7, friendid: 9 })
  await comes(world, ann, { id: 0, to: 7, msg: '9 (bob) was asked to be your friend' })
  await comes(world, bob, { id: 0, to: 9, msg: '7 (ann) asks to be your friend: add 7 to accept' })
  bob.cut()
  await world.clock.settle()
  const back = to(0)
  await logIn(world, back, 9)
  await comes(world, back, { id: 0, to: 9, msg: '7 (ann) asks to be your friend: add 7 to accept' })
  back.send({ msgid: 6, id: 9, friendid: 7 })
  await comes(world, back, { id: 0, msg: '7 (ann) is your friend now' })
  await comes(world, ann, { id: 0, msg: '9 (bob) is your friend now' })
  cem.send({ msgid: 7, friendid: annId })
  await comes(world, cem, { msg: `${annId} (ann) was asked to be your friend` })
  await comes(world, ann, { msg: `${cemId} (cem) asks to be your friend: add ${cemId} to accept` })
  back.cut()
  await world.clock.settle()
  expect(parsed(await logIn(world, to(1), 9), 'friends')).toEqual([{ id: 7, name: 'ann', state: 'online' }])
  await stop()
})

test('two who came by dialects are friends at once, by old numbers as well', async () => {
  const { world, to, stop, cemId } = await startImported()
  const [ann, bob] = [to(0), to(1)]
  await logIn(world, ann, 7)
  await logIn(world, bob, 9)
  ann.send({ msgid: 6, id: 7, friendid: 9 }, { msgid: 6, id: 7, friendid: cemId })
  await comes(world, bob, { msg: '7 (ann) is your friend now' })
  await comes(world, ann, { msg: `${cemId} (cem) is your friend now` })
  await stop()
})

test('groups and their members have their old numbers too, in what is said, told, missed and answered at the login', async () => {
  const { world, to, toid, stop, cemId, annId, bobId } = await startImported()
  const [ann, bob, cem] = [to(0), to(1), toid(1)]
  await logIn(world, ann, 7)
  await logIn(world, bob, 9)
  await logIn(world, cem, cemId)
  ann.send({ msgid: 7, groupname: 'tea', groupdesc: 'd' })
  await world.until(() => texts(ann).length > 0)
  const teaId = Number(/^group tea created: id (\d+)$/.exec(String(texts(ann).at(-1)))?.[1])
  expect(teaId).toBeGreaterThanOrEqual(firstId)
  // A group may have the number that a user has.
  await importGroup(world, teaId, 'json-to', 7)
  bob.send({ msgid: 8, id: 9, groupid: 7 })
  await comes(world, bob, { id: 0, to: 9, msg: 'you are in group 7' })
  cem.send({ msgid: 9, groupid: 7 }, { msgid: 9, groupid: teaId })
  await comes(world, cem, { msg: `you are in group ${teaId}` })
  expect(texts(cem)[0]).toMatch(/^you did not join group 7: /)
  bob.send({ msgid: 9, id: 9, groupid: 7, msg: 'by bob' })
  expect(await comes(world, ann, { msgid: 9 })).toMatchObject({ id: 9, groupid: 7, msg: 'by bob' })
  expect(await comes(world, cem, { msgid: 10 })).toMatchObject({ id: bobId, groupid: teaId, msg: 'by bob' })
  cem.send({ msgid: 10, groupid: teaId, msg: 'by cem' })
  expect(await comes(world, ann, { msg: 'by cem' })).toMatchObject({ msgid: 9, id: cemId, groupid: 7 })
  ann.send({ msgid: 9, groupid: 77, msg: 'nowhere' })
  await world.until(() => texts(ann).some((text) => String(text).startsWith('your message to group 77 was not sent: ')))
  bob.cut()
  await world.clock.settle()
  ann.send({ msgid: 9, groupid: 7, msg: 'missed' })
  await world.clock.advance(1_000)
  const answer = await logIn(world, to(0), 9)
  const [group] = parsed(answer, 'groups')
  expect(group).toMatchObject({ id: 7, groupname: 'tea' })
  expect(parsed(group ?? {}, 'users')).toMatchObject([
    { id: 7, name: 'ann', role: 'creator' },
    { id: 9, name: 'bob', role: 'normal' },
    { id: cemId, name: 'cem', role: 'normal' },
  ])
  expect(parsed(answer, 'offlinemsg').at(-1)).toMatchObject({ msgid: 9, id: 7, groupid: 7, msg: 'missed' })
  const [seenByCem] = parsed(await logIn(world, cem, cemId), 'groups')
  expect(seenByCem).toMatchObject({ id: teaId })
  const ids = parsed(seenByCem ?? {}, 'users').map(({ id }) => id)
  expect(new Set(ids)).toEqual(new Set([annId, bobId, cemId]))
  await stop()
})

test('unit: every id of it is an old number where there is one', async () => {
  const { world, stop } = await start()
  const dialects = protobufDialectsOf(world)
  const to = (connector: number) => connectTcp(world, dialects, 'unit', connector)
  const [ann, bob] = [to(0), to(1)]
  const [annId, , cemId] = await unit.people(world, ann, 'ann', 'bob', 'cem')
  await importUser(world, 'ann', 'unit', 3)
  await importUser(world, 'bob', 'unit', 4)
  // Of another dialect: it means nothing here.
  await importUser(world, 'cem', 'json-to', 5)
  const eve = await join(world, 'eve', 1)
  await importUser(world, 'eve', 'unit', 6)
  await ask(world, eve.client, { op: 'friend.request', ref: 1, user: annId })
  await world.clock.advance(1_000)
  expect(numberOf(await unit.logIn(world, ann, 3), 1)).toBe(1)
  await world.until(() => unit.texts(ann).includes('server: 6 (eve) asks to be your friend: add 6 to accept'))
  expect(numberOf(await unit.logIn(world, bob, 4), 1)).toBe(1)
  const info = async (id: number) => {
    const answer = await unit.asks(world, ann, 'GetUserInfo', [[1, id]])
    return [numberOf(answer, 1), textOf(answer, 2)]
  }
  expect(await info(4)).toEqual([4, 'bob'])
  expect(await info(annId)).toEqual([3, 'ann'])
  expect(await info(cemId)).toEqual([cemId, 'cem'])
  expect(await info(5)).toEqual([-1, ''])
  const fields = (id: number, value: number | string): Fields => [
    [1, id],
    [2, value],
  ]
  const both = (type: string, id: number) => request(type, fields(1, id))
  ann.send(both('AddFriend', 4))
  await world.until(() => unit.texts(bob).includes('server: 3 (ann) is your friend now'))
  ann.send(both('AddFriend', cemId))
  await world.until(() => unit.texts(ann).includes(`server: ${cemId} (cem) is your friend now`))
  await world.clock.advance(1_000)
  const friends = async () => new Map(unit.users(await unit.asks(world, ann, 'GetFriendList', [[1, 3]]), 2))
  expect(await friends()).toEqual(new Map().set(4, 'bob').set(cemId, 'cem'))
  unit.chat(bob, 3, 'from bob')
  await world.until(() => unit.texts(ann).at(-1) === 'from bob')
  const created = numberOf(await unit.asks(world, ann, 'CreateGroup', fields(3, 'tea')), 1)
  await importGroup(world, created, 'unit', 4)
  bob.send(both('AddGroup', 4))
  await world.until(() => unit.texts(bob).includes('server: you are in group 4'))
  await world.clock.advance(1_000)
  const members = async () => new Map(unit.users(await unit.asks(world, ann, 'GetGroupUsers', [[1, 4]]), 1))
  expect(await members()).toEqual(new Map().set(3, 'ann').set(4, 'bob'))
  bob.send(both('QuitGroup', 4))
  ann.send(both('DeleteFriend', 4))
  await world.clock.advance(1_000)
  expect(await members()).toEqual(new Map().set(3, 'ann'))
  expect(await friends()).toEqual(new Map().set(cemId, 'cem'))
  expect(String(await unit.asks(world, ann, 'AddFriend', fields(3, 99)))).toMatch(/^99 was not added: /)
  await stop()
})

test('action has names; where a text says a number it is the old one', async () => {
  const { world, stop } = await start()
  const client = await actionClients(world)
  const ann = await enterAction(world, client(0), 'ann')
  const bob = await join(world, 'bob', 1)
  await importUser(world, 'bob', 'action', 12)
  const { user } = await ask(world, bob.client, { op: 'user', ref: 1, name: 'ann' })
  await ask(world, bob.client, { op: 'friend.request', ref: 2, user: (user as { id: number }).id })
  await world.until(() => actionTexts(ann).length > 0)
  expect(actionTexts(ann)).toEqual(['12 (bob) asks to be your friend: add 12 to accept'])
  await stop()
})

test('while nobody can tell old numbers nobody logs in whose number was never looked up', async () => {
  const { ground, state } = breakable()
  const { world, to, stop } = await startImported({ ground })
  state.isAway = true
  const ann = to(0)
  const refused = { msgid: 2, errno: 1, errmsg: 'not possible at the moment, try again' }
  expect(await logIn(world, ann, 7)).toEqual(refused)
  state.isAway = false
  expect(await logIn(world, ann, 7)).toMatchObject({ errno: 0, id: 7 })
  ann.send({ msgid: 10 })
  state.isAway = true
  expect(await logIn(world, ann, 7)).toMatchObject({ errno: 0, id: 7 })
  await stop()
})

test('nobody logs in who would be shown an id instead of an old number', async () => {
  const { ground, state } = breakable()
  const { world, to, stop, annId } = await startImported({ ground })
  const eve = await join(world, 'eve', 1)
  await ask(world, eve.client, { op: 'friend.request', ref: 1, user: annId })
  const ann = to(0)
  // Whom 7 means is known then, what ann and eve are called is not.
  expect(await logIn(world, ann, 7, 'wrong')).toMatchObject({ errno: 1 })
  state.isAway = true
  const notNow = { errmsg: 'not possible at the moment, try again' }
  expect(await logIn(world, ann, 7)).toMatchObject(notNow)
  state.isAway = false
  expect(await logIn(world, ann, 7)).toMatchObject({ errno: 0, id: 7 })
  ann.send({ msgid: 10 })
  await world.clock.advance(1_000)
  // Nor in what he missed.
  const fay = await join(world, 'fay', 1)
  await ask(world, fay.client, say(world, 2, { user: annId }, 'missed'))
  state.isAway = true
  expect(await logIn(world, ann, 7)).toMatchObject(notNow)
  state.isAway = false
  const answer = await logIn(world, ann, 7)
  expect(parsed(answer, 'offlinemsg')).toMatchObject([{ id: fay.userId, to: 7, msg: 'missed' }])
  await stop()
})

test('what happens while nobody can tell an old number waits, and comes at the next login when somebody left meanwhile', async () => {
  const { ground, state } = breakable()
  const { world, to, stop, annId } = await startImported({ ground })
  const ann = to(0)
  await logIn(world, ann, 7)
  const bob = await connectBob(world)
  state.isAway = true
  await ask(world, bob.client, say(world, 1, { user: annId }, 'waits'))
  await world.clock.advance(120_000)
  expect(texts(ann)).toEqual([])
  state.isAway = false
  expect(await comes(world, ann, { msg: 'waits' })).toMatchObject({ id: 9, to: 7 })
  await world.clock.advance(5_000)
  state.isAway = true
  const eve = await join(world, 'eve', 1)
  await ask(world, eve.client, say(world, 2, { user: annId }, 'missed'))
  await world.clock.advance(10_000)
  expect(texts(ann)).toEqual(['waits'])
  ann.cut()
  await world.clock.advance(5_000)
  state.isAway = false
  await importUser(world, 'eve', 'json-to', 15)
  expect(parsed(await logIn(world, to(1), 7), 'offlinemsg')).toMatchObject([{ id: 15, to: 7, msg: 'missed' }])
  await stop()
})

test.each([
  ['old numbers cannot be read', ofOldNumbers],
  ['nothing can be read', undefined],
])(
  'while %s people who know each other go on writing, and others are told that it is not possible',
  async (_, reads) => {
    const { ground, state } = breakable((name) => reads?.includes(name) ?? true)
    const { world, to, stop, cemId } = await startImported({ ground })
    const [ann, cem] = [to(0), to(1)]
    await logIn(world, ann, 7)
    await logIn(world, cem, cemId)
    const talk = async (text: string) => {
      ann.send({ msgid: 5, to: cemId, msg: `${text} to cem` })
      expect(await comes(world, cem, { msg: `${text} to cem` })).toMatchObject({ id: 7, to: cemId })
      cem.send({ msgid: 5, to: 7, msg: `${text} to ann` })
      expect(await comes(world, ann, { msg: `${text} to ann` })).toMatchObject({ id: cemId, to: 7 })
    }
    await talk('before')
    state.isAway = true
    await world.clock.advance(60_000)
    await talk('meanwhile')
    const from = ann.messages.length
    ann.send({ msgid: 5, to: 9, msg: 'to bob' })
    const why = 'your message to 9 was not sent: not possible at the moment, try again'
    await comes(world, ann, { id: 0, msg: why }, from)
    ann.send({ msgid: 5, to: 9, msg: 'to bob, later' })
    await world.clock.advance(10_000)
    state.isAway = false
    await world.clock.advance(2_000)
    const missed = parsed(await logIn(world, to(0), 9), 'offlinemsg')
    expect(missed).toMatchObject([{ id: 7, to: 9, msg: 'to bob, later' }])
    await stop()
  },
)

/** bob, who came by a dialect, on the page. */
const connectBob = async (world: Awaited<ReturnType<typeof startWorld>>) => {
  const side = world.sockets[1]
  if (side === undefined) throw new Error('no connector 1')
  const device = '00000000-0000-7000-8000-000000000009'
  const answer = await world.run(side.api.logIn({ name: 'bob', password: 'x', device }, '127.0.0.1'))
  if ('error' in answer) throw new Error(answer.message)
  const client = side.connect()
  client.send({ op: 'hello', ref: 0, token: answer.ok.accessToken, device })
  await world.until(() => client.answers(0).length > 0)
  return { client }
}
