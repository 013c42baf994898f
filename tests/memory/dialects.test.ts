import { expect, test } from 'vitest'
import { connectJson, dialectsOf } from './json-client.ts'
import { comes, logIn, people, register, texts } from './json-people.ts'
import { setOperator } from './operators.ts'
import { ask, join, say } from './people.ts'
import { startWorld } from './world.ts'

const start = async () => {
  const world = await startWorld({ connectors: 2 })
  const dialects = dialectsOf(world)
  const to = (connector = 0) => connectJson(world, dialects, 'json-to', connector)
  const toid = (connector = 0) => connectJson(world, dialects, 'json-toid', connector)
  return { world, to, toid }
}

const never = (): never => {
  throw new Error('no connector')
}

test('register, log in, chat, log out and log in again on one connection', async () => {
  const { world, to } = await start()
  const [ann, bob] = [to(0), to(1)]
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  expect(await logIn(world, ann, annId)).toEqual({ msgid: 2, errno: 0, id: annId, name: 'ann' })
  await logIn(world, bob, bobId)
  ann.send({ msgid: 5, id: bobId, name: 'not ann', to: bobId, msg: 'hello', time: '1999-01-01 00:00:00' })
  const { time, ...chat } = await comes(world, bob, { msgid: 5 })
  expect(chat).toEqual({ msgid: 5, id: annId, name: 'ann', to: bobId, msg: 'hello' })
  expect(time).toMatch(/^2026-01-01 00:\d\d:\d\d$/)
  ann.send({ msgid: 10, id: annId })
  expect(await logIn(world, ann, bobId, 'wrong')).toEqual({ msgid: 2, errno: 1, errmsg: 'id or password error' })
  expect(await logIn(world, ann, annId)).toMatchObject({ errno: 0, id: annId })
  ann.send({ msgid: 5, id: annId, to: bobId, msg: 'again' })
  await comes(world, bob, { msg: 'again' })
  expect(texts(ann)).toEqual([])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('the same in json-toid, with its numbers, fields and texts', async () => {
  const { world, toid } = await start()
  const [ann, bob] = [toid(), toid()]
  const annId = await register(world, ann, 'ann', 4)
  const bobId = await register(world, ann, 'bob', 4)
  ann.send({ msgid: 4, name: 'bob', password: 'other' })
  await comes(world, ann, { msgid: 5, errno: 1 })
  await logIn(world, ann, annId)
  await logIn(world, bob, bobId)
  ann.send({ msgid: 6, id: annId, name: 'ann', toid: bobId, msg: 'hi', time: '' })
  expect(await comes(world, bob, { msgid: 6 })).toMatchObject({ id: annId, name: 'ann', toid: bobId, msg: 'hi' })
  expect(await logIn(world, toid(), annId)).toEqual({
    ...{ msgid: 2, errno: 2, errmsg: 'this account is using, input another!' },
  })
  expect(await logIn(world, toid(), annId, 'no')).toEqual({ msgid: 2, errno: 1, errmsg: 'id or password is invalid!' })
  ann.send({ msgid: 3, id: annId })
  await world.clock.advance(100)
  expect(await logIn(world, toid(1), annId)).toMatchObject({ errno: 0 })
  await world.stop()
})

test('a user is logged in once by both dialects, on whatever connector, until his connection closes', async () => {
  const { world, to, toid } = await start()
  const first = to(0)
  const [id, other] = await people(world, first, 'ann', 'bob')
  await logIn(world, first, id)
  expect(await logIn(world, to(0), id)).toEqual({ msgid: 2, errno: 2, errmsg: 'id is online' })
  expect(await logIn(world, toid(1), id)).toMatchObject({ errno: 2 })
  // Of chat.v1 he may have as many devices as he likes.
  const browser = await join(world, 'cem', 1)
  expect(browser.client.isOpen).toBe(true)
  first.cut()
  await world.clock.settle()
  const second = toid(1)
  expect(await logIn(world, second, id)).toMatchObject({ errno: 0 })
  // A login on his own connection logs him out first.
  expect(await logIn(world, second, other)).toMatchObject({ errno: 0, id: other })
  expect(await logIn(world, to(0), id)).toMatchObject({ errno: 0 })
  await world.stop()
})

test('missed messages of both kinds are in the answer or follow, oldest first, once; the login names friends and groups', async () => {
  const { world, to } = await start()
  const [ann, bob] = [to(0), to(1)]
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  await logIn(world, ann, annId)
  await logIn(world, bob, bobId)
  ann.send({ msgid: 6, id: annId, friendid: bobId })
  await comes(world, ann, { id: 0, msg: `${bobId} (bob) is your friend now` })
  await comes(world, bob, { id: 0, msg: `${annId} (ann) is your friend now` })
  ann.send({ msgid: 7, id: annId, groupname: 'tea', groupdesc: 'and cake' })
  const { msg: created } = await comes(world, ann, { id: 0, msgid: 5 }, ann.messages.length)
  const groupid = Number(/^group tea created: id (\d+)$/.exec(String(created))?.[1])
  bob.send({ msgid: 8, id: bobId, groupid })
  await comes(world, bob, { id: 0, msg: `you are in group ${groupid}` })
  bob.cut()
  await world.clock.settle()
  for (let n = 0; n < 10; n++) {
    ann.send({ msgid: 5, to: bobId, msg: `direct ${n}` }, { msgid: 9, groupid, msg: `group ${n}` })
    await world.clock.advance(100)
  }
  const back = to(1)
  const answer = await logIn(world, back, bobId)
  const parsed = (field: string) => ((answer[field] ?? []) as string[]).map((text) => JSON.parse(text))
  expect(parsed('friends')).toEqual([{ id: annId, name: 'ann', state: 'online' }])
  const [group] = parsed('groups')
  expect(group).toMatchObject({ id: groupid, groupname: 'tea', groupdesc: 'and cake' })
  expect(group.users.map((text: string) => JSON.parse(text))).toEqual([
    { id: annId, name: 'ann', state: 'online', role: 'creator' },
    { id: bobId, name: 'bob', state: 'online', role: 'normal' },
  ])
  const expected = Array.from({ length: 10 }, (_, n) => [`direct ${n}`, `group ${n}`]).flat()
  const shown = () => [...parsed('offlinemsg').map(({ msg }) => msg), ...texts(back)]
  await world.until(() => shown().length >= expected.length)
  expect(parsed('offlinemsg').length).toBeGreaterThan(0)
  expect(shown()).toEqual(expected)
  expect(back.messages.find(({ msgid }) => msgid === 9)).toMatchObject({ id: annId, name: 'ann', groupid })
  await world.clock.advance(2_000)
  back.cut()
  await world.clock.settle()
  const third = to(0)
  expect(await logIn(world, third, bobId)).not.toHaveProperty('offlinemsg')
  await world.clock.advance(2_000)
  expect(texts(third)).toEqual([])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('what a stalled client was not given is missed at the next login, nothing of it twice', async () => {
  const { world, to } = await start()
  const [ann, bob] = [to(0), to(1)]
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  await logIn(world, ann, annId)
  await logIn(world, bob, bobId)
  ann.send({ msgid: 5, to: bobId, msg: 'read' })
  await comes(world, bob, { msg: 'read' })
  await world.clock.advance(1_000)
  bob.stall()
  const sent = Array.from({ length: 100 }, (_, n) => `unread ${n}`)
  for (const msg of sent) ann.send({ msgid: 5, to: bobId, msg })
  await world.clock.advance(120_000)
  expect(bob.isOpen).toBe(false)
  const back = to(0)
  const answer = await logIn(world, back, bobId)
  const first = ((answer.offlinemsg ?? []) as string[]).map((text) => JSON.parse(text).msg)
  await world.until(() => first.length + texts(back).length >= sent.length)
  expect([...first, ...texts(back)]).toEqual(sent)
  await world.stop()
})

test('what a stalled client was not given of its user is given to nobody who logs in on it later', async () => {
  const { world, to } = await start()
  const [ann, bob] = [to(0), to(1)]
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  await logIn(world, ann, annId)
  await logIn(world, bob, bobId)
  bob.stall()
  const sent = Array.from({ length: 100 }, (_, n) => `for bob ${n}`)
  for (const msg of sent) ann.send({ msgid: 5, to: bobId, msg })
  await world.clock.advance(1_000)
  ann.send({ msgid: 10 })
  bob.send({ msgid: 10 }, { msgid: 1, id: annId, password: 'x' })
  await world.clock.advance(5_000)
  bob.flow()
  await comes(world, bob, { msgid: 2, errno: 0, id: annId })
  await world.clock.advance(5_000)
  // One frame was with the kernel already.
  expect(texts(bob).length).toBeLessThanOrEqual(1)
  const back = to(0)
  const answer = await logIn(world, back, bobId)
  const first = ((answer.offlinemsg ?? []) as string[]).map((text) => JSON.parse(text).msg)
  await world.until(() => (texts(back).at(-1) ?? first.at(-1)) === sent.at(-1))
  expect([...first, ...texts(back)].slice(-99)).toEqual(sent.slice(-99))
  await world.stop()
})

test('what happens while somebody logs in is shown once and in order, whenever it falls', async () => {
  const { world, to } = await start()
  const ann = to(0)
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  await logIn(world, ann, annId)
  for (let round = 0; round < 10; round++) {
    const bob = to(1)
    const answer = logIn(world, bob, bobId)
    const now = Array.from({ length: 1 + round }, (_, n) => `${round}.${n}`)
    ann.send(...now.map((msg) => ({ msgid: 5, to: bobId, msg })))
    const offline = ((await answer).offlinemsg ?? []) as string[]
    const shown = () => [...offline.map((text) => JSON.parse(text).msg), ...texts(bob)]
    await world.until(() => shown().includes(now.at(-1) ?? ''))
    await world.clock.advance(1_000)
    expect(shown()).toEqual(now)
    bob.cut()
    await world.clock.advance(1_000)
  }
  await world.stop()
  expect(world.failures).toEqual([])
})

test('what was edited meanwhile is shown once, as it is now; of what was shown before the edit is shown', async () => {
  const { world, to } = await start()
  const bob = to(0)
  const [bobId] = await people(world, bob, 'bob', 'cem')
  const ann = await join(world, 'ann', 1)
  await logIn(world, bob, bobId)
  const shown = await ask(world, ann.client, say(world, 1, { user: bobId }, 'shown'))
  await comes(world, bob, { msg: 'shown' })
  await world.clock.advance(1_000)
  bob.cut()
  await world.clock.settle()
  const missed = await ask(world, ann.client, say(world, 2, { user: bobId }, 'missed'))
  const edit = (ref: number, seq: unknown, text: string) =>
    ask(world, ann.client, { op: 'edit', ref, conversation: missed.conversation, seq, body: { kind: 'text', text } })
  await edit(3, shown.seq, 'shown, better')
  await edit(4, missed.seq, 'missed, better')
  const back = to(1)
  const answer = await logIn(world, back, bobId)
  await world.clock.advance(2_000)
  const offline = ((answer.offlinemsg ?? []) as string[]).map((text) => JSON.parse(text).msg)
  expect([...offline, ...texts(back)]).toEqual(['(edited) missed, better', '(edited) shown, better'])
  await world.stop()
})

test('a request of chat.v1 is told and accepted by adding back; a browser and dialects talk in one group', async () => {
  const { world, to, toid } = await start()
  const [bob, cem] = [to(0), toid(1)]
  const [bobId, cemId] = await people(world, bob, 'bob', 'cem')
  await logIn(world, bob, bobId)
  await logIn(world, cem, cemId)
  const ann = await join(world, 'ann', 1)
  await ask(world, ann.client, { op: 'friend.request', ref: 1, user: bobId })
  await comes(world, bob, { id: 0, msg: `${ann.userId} (ann) asks to be your friend: add ${ann.userId} to accept` })
  bob.send({ msgid: 6, friendid: ann.userId })
  await comes(world, bob, { msg: `${ann.userId} (ann) is your friend now` })
  // Whoever did not come by a dialect is only asked.
  cem.send({ msgid: 7, friendid: ann.userId })
  await comes(world, cem, { msg: `${ann.userId} (ann) was asked to be your friend` })
  expect(await ask(world, ann.client, { op: 'friends', ref: 2 })).toMatchObject({
    ...{ items: [{ user: { id: bobId } }], requests: [{ user: { id: cemId }, direction: 'incoming' }] },
  })
  bob.send({ msgid: 7, groupname: 'tea', groupdesc: '' })
  await world.until(() => texts(bob).some((text) => String(text).startsWith('group tea created')))
  const groupid = Number(/\d+$/.exec(String(texts(bob).at(-1)))?.[0])
  cem.send({ msgid: 9, groupid })
  await comes(world, cem, { msg: `you are in group ${groupid}` })
  await ask(world, ann.client, { op: 'group.join', ref: 3, conversation: `g${groupid}` })
  const sent = await ask(world, ann.client, say(world, 4, { conversation: `g${groupid}` }, 'from a browser'))
  await comes(world, bob, { msgid: 9, id: ann.userId, name: 'ann', groupid, msg: 'from a browser' })
  await comes(world, cem, { msgid: 10, id: ann.userId, name: 'ann', groupid, msg: 'from a browser' })
  cem.send({ msgid: 10, groupid, msg: 'from json-toid' })
  await comes(world, bob, { msgid: 9, id: cemId, msg: 'from json-toid' })
  await world.until(() => ann.client.pushes('event').some(({ actor }) => actor === cemId))
  await ask(world, ann.client, {
    ...{ op: 'edit', ref: 5, conversation: `g${groupid}`, seq: sent.seq, body: { kind: 'text', text: 'better' } },
  })
  await comes(world, bob, { msgid: 9, id: ann.userId, msg: '(edited) better' })
  await world.stop()
  expect(world.failures).toEqual([])
})

test('an online room is shown from the login on, and is no missed message at the next', async () => {
  const { world, to } = await start()
  const bob = to(0)
  const [bobId] = await people(world, bob, 'bob', 'cem')
  const ann = await join(world, 'ann', 1)
  await setOperator(world, 'ann', true)
  const { api } = world.sockets[1]?.handlers ?? {}
  const identity = { userId: ann.userId, sessionId: 's', device: ann.device }
  const made = await world.run(api?.operator.act(identity, 'createRoom', { name: 'hall', title: 'hall' }) ?? never())
  const { conversation } = 'ok' in made ? made.ok : {}
  const groupid = Number(String(conversation).slice(1))
  await ask(world, ann.client, say(world, 1, { conversation }, 'before'))
  const answer = await logIn(world, bob, bobId)
  expect(answer).toMatchObject({ groups: [expect.stringContaining(`"id":${groupid}`)] })
  expect(answer).not.toHaveProperty('offlinemsg')
  await ask(world, ann.client, say(world, 2, { conversation }, 'here'))
  await comes(world, bob, { msgid: 9, id: ann.userId, groupid, msg: 'here' })
  bob.send({ msgid: 9, groupid, msg: 'me too' })
  await world.until(() => ann.client.pushes('event').some(({ actor }) => actor === bobId))
  expect(texts(bob)).toEqual(['here'])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('what is refused is told by the server, and what cannot be read never harms others', async () => {
  const { world, to } = await start()
  const [ann, innocent] = [to(), to()]
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  await logIn(world, innocent, bobId)
  await logIn(world, ann, annId)
  ann.send({ msgid: 9, groupid: 999_999, msg: 'hi' }, { msgid: 5, to: 888_888, msg: 'hi' }, { msgid: 8, groupid: 'x' })
  await world.until(() => texts(ann).length === 3)
  expect(texts(ann)).toEqual([
    expect.stringMatching(/^your message to group 999999 was not sent: /),
    expect.stringMatching(/^your message to 888888 was not sent: /),
    'your request could not be read: nothing was done',
  ])
  ann.send({ msgid: 77 }, '\n\n', { msgid: 5, to: bobId, msg: 'a\0b'.repeat(2) })
  await comes(world, innocent, { msg: 'abab' })
  for (const junk of ['no object\0', '[1]\0', Buffer.alloc(70_000, 65)]) {
    const stranger = to()
    stranger.send(junk)
    await world.until(() => !stranger.isOpen)
  }
  const slow = to()
  slow.send('{"msgid":')
  await world.clock.advance(11_000)
  expect(slow.isOpen).toBe(false)
  expect([ann.isOpen, innocent.isOpen]).toEqual([true, true])
  await world.stop()
})

test('a client that ends its side is answered first; one that says nothing stays for hours once it is logged in', async () => {
  const { world, to } = await start()
  const ann = to()
  const [annId, bobId] = await people(world, ann, 'ann', 'bob')
  const bob = to()
  await logIn(world, bob, bobId)
  ann.send({ msgid: 1, id: annId, password: 'x' }, { msgid: 5, to: bobId, msg: 'and away' })
  ann.end()
  await comes(world, bob, { msg: 'and away' })
  await world.until(() => !ann.isOpen)
  expect(ann.messages.at(-1)).toMatchObject({ msgid: 2, errno: 0 })
  const idle = to()
  await world.clock.advance(14 * 60_000)
  expect([bob.isOpen, idle.isOpen]).toEqual([true, true])
  await world.clock.advance(2 * 60_000)
  expect([bob.isOpen, idle.isOpen]).toEqual([true, false])
  await world.stop()
  expect(texts(bob).at(-1)).toBe('this server restarts')
  await world.until(() => !bob.isOpen)
})
