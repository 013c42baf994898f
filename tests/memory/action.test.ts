import { expect, test } from 'vitest'
import { comes, enter, startAction, texts } from './action-client.ts'
import { ask, join } from './people.ts'

test('a name that nobody has is registered and let in, and let in again; a session has a number', async () => {
  const { world, client } = await startAction()
  const ann = client(0)
  ann.logIn('ann')
  const login = await comes(world, ann, 'login', { username: 'ann' })
  expect(login.sessionId).toBeLessThan(10_000_000)
  const [frame] = ann.memory.frames
  expect(Math.floor(Number(frame?.id) / 1_000)).toBeGreaterThan(Date.UTC(2026, 0, 1))
  expect(Object.keys(frame ?? {})).toEqual(['id', 'action', 'data'])
  ann.memory.close()
  const again = client(1)
  again.logIn('ANN')
  await comes(world, again, 'login', { username: 'ann' })
  await world.stop()
  expect(world.failures).toEqual([])
})

test('who has a password is asked for it, and a name that is none is refused: 401, and the client may try another', async () => {
  const { world, client } = await startAction()
  await join(world, 'ann', 0)
  const stranger = client()
  for (const [name, password] of [['ann'], ['ann', 'wrong'], ['nobody', 'x'], ['a\u0000b']] as const) {
    const from = stranger.heard('error').length
    stranger.logIn(name, password)
    const message = `user ${name} is invalided`
    expect(await comes(world, stranger, 'error', {}, from)).toEqual({ code: 401, message, ext: '' })
  }
  stranger.logIn('ann', 'correct horse')
  await comes(world, stranger, 'login', { username: 'ann' })
  await world.stop()
})

test('unless it is configured, nobody is let in without a password', async () => {
  const { world, client } = await startAction({}, { isOpen: false })
  const ann = client()
  ann.logIn('ann')
  expect(await comes(world, ann, 'error', {})).toMatchObject({ code: 401 })
  expect(await world.readModels.userByName('ann')).toBeUndefined()
  await world.stop()
})

test('an account without a password that is given one is closed to its name alone', async () => {
  const { world, client } = await startAction()
  const ann = await enter(world, client(), 'ann')
  ann.memory.close()
  const { registrationId = '', id = 0 } = (await world.readModels.userByName('ann')) ?? {}
  const code = { registrationId, codeHash: 'code', expiresAt: world.clock.now() + 60_000 }
  await world.credentials.putResetCodes([code])
  const reset = { userId: id, registrationId, codeHash: 'code', newHash: 'plain:secret' }
  expect(await world.credentials.resetPassword(reset, world.clock.now())).toBeDefined()
  const again = client()
  again.logIn('ann')
  expect(await comes(world, again, 'error', {})).toMatchObject({ code: 401 })
  again.logIn('ann', 'secret')
  await comes(world, again, 'login', { username: 'ann' })
  await world.stop()
})

test('a login puts out the older connection of its user, at whatever connector; other devices stay', async () => {
  const { world, client } = await startAction()
  const first = await enter(world, client(0), 'ann')
  const bob = await enter(world, client(0), 'bob')
  const second = await enter(world, client(1), 'ann')
  await world.until(() => !first.memory.isOpen)
  const third = await enter(world, client(1), 'ann')
  await world.until(() => !second.memory.isOpen)
  const browser = await join(world, 'cem', 0)
  const cem = client(1)
  cem.logIn('cem', 'correct horse')
  await comes(world, cem, 'login', {})
  // A login on his own connection logs the first user out: bob may come elsewhere, and this connection is no longer his.
  await enter(world, bob, 'eve')
  await enter(world, client(1), 'bob')
  await world.clock.advance(2_000)
  expect([third, bob, cem].map(({ memory }) => memory.isOpen)).toEqual([true, true, true])
  expect(browser.client.isOpen).toBe(true)
  await world.stop()
})

test('nothing of whoever was logged in on a connection is shown to the one who logs in on it next', async () => {
  const { world, client } = await startAction()
  const ann = await enter(world, client(0), 'ann')
  const eve = await enter(world, client(0), 'eve')
  eve.memory.close()
  await world.clock.settle()
  for (let n = 0; n < 120; n++) ann.say('chat', { to: 'eve', message: `secret ${n}` })
  await world.clock.advance(10_000)
  const shared = client(1)
  shared.logIn('eve')
  await comes(world, shared, 'chat', {})
  shared.logIn('bob')
  await comes(world, shared, 'login', { username: 'bob' })
  await world.clock.advance(10_000)
  const actions = shared.memory.frames.map(({ action }) => action)
  expect(actions.lastIndexOf('chat')).toBeLessThan(actions.lastIndexOf('login'))
  expect(texts(shared).length).toBeLessThan(120)
  // What he was not shown is not lost.
  const back = await enter(world, client(0), 'eve')
  await comes(world, back, 'chat', { message: 'secret 119' })
  expect(new Set([...texts(shared), ...texts(back)]).size).toBe(120)
  await world.stop()
})

test('a direct message reaches who is there, and waits for who is not; who sent it is not what the frame says', async () => {
  const { world, client } = await startAction()
  const ann = await enter(world, client(0), 'ann')
  const bob = await enter(world, client(1), 'bob')
  const chat = { format: 'text', from: 'eve', to: 'bob', roomName: '', ts: 5, isGroup: false }
  ann.say('chat', { ...chat, message: 'hello \u0000you' })
  const { ts, ...got } = await comes(world, bob, 'chat', {})
  expect(got).toEqual({ from: 'ann', roomName: '', message: 'hello you', format: 'text' })
  expect(Number(ts)).toBeGreaterThan(Date.UTC(2026, 0, 1))
  bob.memory.close()
  await world.clock.settle()
  for (const message of ['one', 'two']) ann.say('chat', { ...chat, message })
  await world.clock.advance(1_000)
  const back = await enter(world, client(0), 'bob')
  await world.until(() => texts(back).length === 2)
  expect(texts(back)).toEqual(['one', 'two'])
  await world.clock.advance(2_000)
  back.memory.close()
  const third = await enter(world, client(1), 'bob')
  await world.clock.advance(5_000)
  expect(texts(third)).toEqual([])
  expect([ann.heard('error'), texts(ann)]).toEqual([[], []])
  ann.say('chat', { ...chat, to: 'nobody', message: 'x' })
  expect(await comes(world, ann, 'error', {})).toEqual({ code: 404, message: 'user nobody is not found', ext: '' })
  await world.stop()
  expect(world.failures).toEqual([])
})

test('userInfo says since when and where somebody is; 404 when he is not, is nobody, or has blocked who asks', async () => {
  const { world, client } = await startAction()
  const ann = await enter(world, client(0), 'ann')
  const loggedInAt = world.clock.now()
  const bob = await enter(world, client(1), 'bob')
  await world.clock.advance(5_000)
  ann.say('userInfo', { username: 'Bob' })
  const info = await comes(world, ann, 'userInfo', {})
  expect(info).toEqual({ username: 'bob', loginTime: expect.any(Number), nodeId: 'c1:8005' })
  expect(Math.abs(Number(info.loginTime) - loggedInAt)).toBeLessThan(2_000)
  const message = 'user bob is not on line'
  const annId = (await world.readModels.userByName('ann'))?.id
  bob.memory.close()
  await world.clock.advance(1_000)
  ann.say('userInfo', { username: 'bob' })
  expect(await comes(world, ann, 'error', {})).toEqual({ code: 404, message, ext: '' })
  ann.say('userInfo', { username: 'nobody' })
  expect(await comes(world, ann, 'error', {}, 1)).toMatchObject({ code: 404, message: 'user nobody is not on line' })
  const cem = await join(world, 'cem', 0)
  await ask(world, cem.client, { op: 'block', ref: 1, user: annId })
  await world.clock.advance(1_000)
  ann.say('userInfo', { username: 'cem' })
  expect(await comes(world, ann, 'error', {}, 2)).toMatchObject({ code: 404, message: 'user cem is not on line' })
  ann.say('chat', { to: 'cem', message: 'hi', roomName: '' })
  expect(await comes(world, ann, 'error', {}, 3)).toMatchObject({ code: 403 })
  await world.stop()
})

test('what cannot be read is answered 400 and harms nobody; a binary frame closes, and 401 comes before the login', async () => {
  const { world, client } = await startAction()
  const innocent = await enter(world, client(), 'ann')
  const stranger = client()
  stranger.say('chat', { to: 'ann', message: 'x' })
  expect(await comes(world, stranger, 'error', {})).toEqual({ code: 401, message: 'log in first', ext: '' })
  for (const junk of [
    '',
    'x',
    '[]',
    '1',
    '{"action":"login"}',
    '{"action":"leaderConnect","data":{}}',
    '{"action":"chat","data":[]}',
  ]) {
    const from = stranger.heard('error').length
    stranger.memory.send(junk)
    expect(await comes(world, stranger, 'error', {}, from)).toMatchObject({ code: 400 })
  }
  stranger.memory.sendBinary()
  await world.until(() => !stranger.memory.isOpen)
  innocent.say('userInfo', { username: 'ann' })
  expect(await comes(world, innocent, 'userInfo', {})).toMatchObject({ username: 'ann' })
  await world.stop()
  expect(world.failures).toEqual([])
})

test('a client that takes nothing is closed after a minute, and what it was not given is missed, not lost', async () => {
  const { world, client } = await startAction()
  const ann = await enter(world, client(0), 'ann')
  const bob = await enter(world, client(1), 'bob')
  bob.memory.stall()
  const sent = Array.from({ length: 5 }, (_, n) => `unread ${n}`)
  for (const message of sent) ann.say('chat', { to: 'bob', message })
  await world.clock.advance(120_000)
  expect(bob.memory.isOpen).toBe(false)
  const back = await enter(world, client(0), 'bob')
  await world.until(() => texts(back).length === 5)
  expect(texts(back)).toEqual(sent)
  await world.stop()
})

test('who is silent stays once he is logged in; others are closed after 15 minutes; a stop is told and closes', async () => {
  const { world, client } = await startAction()
  const ann = await enter(world, client(), 'ann')
  const idle = client()
  await world.clock.advance(16 * 60_000)
  expect([ann.memory.isOpen, idle.memory.isOpen]).toEqual([true, false])
  await world.stop()
  expect(texts(ann)).toEqual(['this server restarts'])
  await world.until(() => !ann.memory.isOpen)
})

test('the gateway names the least loaded connector that is ready first', async () => {
  const { world, client } = await startAction()
  await enter(world, client(0), 'ann')
  await world.clock.advance(2_000)
  const nodes = await world.run(world.sockets[0]?.handlers.api.dialects.actionNodes() ?? Promise.resolve([]))
  expect(nodes).toEqual([
    { host: 'c1', port: 8005 },
    { host: 'c0', port: 8005 },
  ])
  await world.stop()
})
