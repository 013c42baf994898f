import { expect, test } from 'vitest'
// @ts-expect-error The page is plain JavaScript, served as it is.
import { createConnection } from './connection.js'
import { openBrowser } from './test-browser.ts'

const session = { accessToken: 'token', refreshToken: 'refresh', socketUrl: 'ws://first.example/v1/socket' }
const gateway = { socketUrl: 'ws://second.example/v1/socket' }
/** More than any wait before a reconnect that failed once, ms. */
const aWhileMs = 1_000

/** A logged-in tab with a connection that was asked to connect. */
const setUp = async () => {
  const browser = openBrowser()
  const { clock, storage, sockets } = browser
  const kept = { ...session, accessExpiresAt: new Date(clock.now() + 900_000).toISOString() }
  storage.set('chat.session', JSON.stringify(kept))
  storage.set('chat.device', 'device')
  const state = { isRefused: false }
  browser.respond((line) => {
    if (line === 'GET /v1/gateway') return { status: 200, body: gateway }
    return state.isRefused
      ? { status: 401, body: { code: 'unauthorized' } }
      : { status: 200, body: { ...kept, accessToken: 'next' } }
  })
  const heard = { status: [] as string[], pushes: [] as object[], ended: [] as string[], opened: 0 }
  const connection = createConnection({
    onOpen: () => void heard.opened++,
    onPush: (frame: object) => heard.pushes.push(frame),
    onStatus: (status: string) => heard.status.push(status),
    onEnded: (reason: string) => heard.ended.push(reason),
  })
  connection.connect()
  await clock.settle()
  const socket = (index = sockets.length - 1) => {
    const found = sockets[index]
    if (found === undefined) throw new Error(`there is no socket ${index}`)
    return found
  }
  const welcome = async () => {
    socket().open()
    await clock.settle()
    socket().answer('hello', { heartbeatMs: 20_000 })
    await clock.settle()
  }
  return { ...browser, clock, connection, heard, state, socket, welcome }
}

test('says hello as the tab’s device, then requests are answered by their ref and pushes are handed on', async () => {
  const { clock, connection, heard, socket, welcome } = await setUp()
  await expect(connection.request('me')).rejects.toMatchObject({ code: 'disconnected' })
  await welcome()
  expect(socket()).toMatchObject({ url: session.socketUrl, protocol: 'chat.v1' })
  expect(socket().sent[0]).toMatchObject({ op: 'hello', token: 'token', device: 'device' })
  expect([heard.status, heard.opened]).toEqual([['connecting', 'connected'], 1])
  const [me, user] = [connection.request('me'), connection.request('user', { name: 'nobody' })]
  const refOf = (op: string) => socket().sent.find((frame) => frame.op === op)?.ref
  socket().push({ op: 'error', ref: refOf('user'), code: 'no_such_user', message: 'nobody', retry: 'never' })
  socket().push({ op: 'event', seq: 1 })
  socket().answer('me', { user: { id: 1 } })
  await expect(user).rejects.toMatchObject({ code: 'no_such_user', retry: 'never' })
  expect(await me).toMatchObject({ user: { id: 1 } })
  expect(heard.pushes).toEqual([{ op: 'event', seq: 1 }])
  await clock.settle()
})

test('when the line breaks what waits is rejected, and it connects again where the gateway says', async () => {
  const { clock, connection, heard, socket, welcome, sockets } = await setUp()
  await welcome()
  const lost = connection.request('me')
  socket().end(1006)
  await expect(lost).rejects.toMatchObject({ code: 'disconnected' })
  expect(heard.status.at(-1)).toBe('waiting')
  await clock.advance(aWhileMs)
  // The first try after a break goes by the gateway too: that server may be gone.
  expect(sockets).toHaveLength(2)
  expect(socket().url).toBe(gateway.socketUrl)
  await welcome()
  expect([heard.opened, heard.ended]).toEqual([2, []])
})

test('a server that restarts is left within the time that its notice named', async () => {
  const { clock, socket, welcome, sockets } = await setUp()
  await welcome()
  socket().push({ op: 'notice', code: 'restarting', message: 'restarts', reconnectWithinMs: 50 })
  socket().end(1012)
  await clock.advance(50)
  expect(sockets).toHaveLength(2)
})

test('a bad token is renewed once; refused again, the session is over', async () => {
  const { clock, heard, socket, welcome, sockets } = await setUp()
  await welcome()
  socket().end(4401)
  await clock.advance(aWhileMs)
  socket().open()
  await clock.settle()
  expect(socket().sent[0]).toMatchObject({ op: 'hello', token: 'next' })
  socket().end(4401)
  await clock.advance(aWhileMs)
  expect([sockets.length, heard.ended.length]).toEqual([2, 1])
})

test('a session that ended shows when its token is renewed', async () => {
  const { clock, heard, socket, welcome, state, sockets } = await setUp()
  await welcome()
  state.isRefused = true
  socket().end(4401)
  await clock.advance(aWhileMs)
  expect([sockets.length, heard.ended.length]).toEqual([1, 1])
})

test.each([4400, 4403, 4409, 1009])('after a close with %i it stays away', async (code) => {
  const { clock, heard, socket, welcome, sockets } = await setUp()
  await welcome()
  socket().end(code)
  await clock.advance(60_000)
  expect([sockets.length, heard.ended.length]).toEqual([1, 1])
})

test('silence is answered by a ping, and by a new connection when nothing comes of it', async () => {
  const { clock, heard, socket, welcome, sockets } = await setUp()
  await welcome()
  await clock.advance(20_000)
  socket().answer('ping')
  await clock.advance(20_000)
  expect(socket().sent.filter(({ op }) => op === 'ping')).toHaveLength(2)
  expect(sockets).toHaveLength(1)
  await clock.advance(10_000 + aWhileMs)
  expect([sockets.length, sockets[0]?.isClosed, heard.ended]).toEqual([2, true, []])
})

test('a refused hello is a broken line, and each failure waits longer, at most half a minute', async () => {
  const { clock, heard, socket, sockets } = await setUp()
  socket().open()
  await clock.settle()
  const { ref } = socket().sent[0] ?? {}
  socket().push({ op: 'error', ref, code: 'unavailable', message: 'full', retry: 'later' })
  await clock.settle()
  expect(sockets[0]?.isClosed).toBe(true)
  for (let tries = 2; tries < 12; tries++) {
    await clock.advance(30_000)
    expect(sockets.length).toBeGreaterThanOrEqual(tries)
    socket().end(1006)
  }
  expect([heard.opened, heard.ended]).toEqual([0, []])
})

test('once stopped it stays away', async () => {
  const { clock, connection, heard, socket, welcome, sockets } = await setUp()
  await welcome()
  connection.stop()
  await clock.advance(60_000)
  expect([sockets.length, socket().isClosed, heard.ended]).toEqual([1, true, []])
})
