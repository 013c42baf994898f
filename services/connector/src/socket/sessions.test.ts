import { createPlainHasher } from '@chat/credentials/memory'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld, deviceOf } from '../test-world.ts'

test('a session ended on one connector closes its sockets on another with 4401 within 5 s, and no others', async () => {
  const { world, connector: a } = await createReadyWorld()
  const b = world.connector()
  await b.service.start()
  for (const userId of [1, 2]) {
    const session = {
      id: `s${userId}`,
      userId,
      device: deviceOf(userId),
      createdAt: 0,
      expiresAt: world.clock.now() * 2,
    }
    await world.credentials.beginSession(session)
  }
  const ended = await connect(world, b, 1)
  const other = await connect(world, b, 2)
  expect(await a.sockets.api.endSession({ userId: 1, sessionId: 's1', device: deviceOf(1) })).toEqual({ ok: {} })
  await world.clock.advance(5_000)
  expect([ended.closedWith?.code, other.isOpen]).toEqual([4401, true])
})

test('a socket does not outlive its session: it closes with 4401 when that expires', async () => {
  const { world, connector } = await createReadyWorld()
  const now = world.clock.now()
  const session = { id: 's1', userId: 1, device: deviceOf(1), createdAt: now, expiresAt: now + 60_000 }
  await world.credentials.beginSession(session)
  const client = await connect(world, connector, 1)
  for (let i = 0; i < 5; i++) {
    await world.clock.advance(11_000)
    client.pong()
  }
  expect(client.isOpen).toBe(true)
  await world.clock.advance(10_000)
  expect(client.closedWith?.code).toBe(4401)
})

/** Two sessions of user 1. */
const twoSessions = async () => {
  const { world, connector } = await createReadyWorld({
    hasher: createPlainHasher(),
  })
  await world.credentials.insertCredential('r1', 'plain:old password', 0)
  for (const id of ['s1', 's2']) {
    const now = world.clock.now()
    await world.credentials.beginSession({ id, userId: 1, device: deviceOf(1), createdAt: now, expiresAt: now * 2 })
  }
  const own = await connect(world, connector, 1, { session: 's1', device: 1 })
  const other = await connect(world, connector, 1, { session: 's2', device: 2 })
  return { world, connector, own, other }
}

test('one ends another session of his: its socket closes, his own lives', async () => {
  const { world, own, other } = await twoSessions()
  expect(await ask(world, own, { op: 'session.end', session: 's2' })).toEqual({ op: 'ok', ref: 1 })
  expect([own.isOpen, other.closedWith?.code]).toEqual([true, 4401])
  expect(await ask(world, own, { op: 'session.end', session: 's2', ref: 2 })).toMatchObject({ code: 'not_found' })
})

test('ending the session one is in is answered before its sockets close', async () => {
  const { world, own, other } = await twoSessions()
  own.send({ op: 'session.end', ref: 1, session: 's1' })
  await world.clock.settle()
  expect(own.answers(1)).toEqual([{ op: 'ok', ref: 1 }])
  expect([own.closedWith?.code, other.isOpen]).toEqual([4401, true])
})

test('another password: asked for on one connector, the other sessions close on every one within 5 s', async () => {
  const { world, own, other } = await twoSessions()
  const elsewhere = world.connector()
  await elsewhere.service.start()
  const third = await connect(world, elsewhere, 1, { session: 's2', device: 3 })
  const frame = { op: 'password.change', old: 'old password', new: 'new password' }
  expect(await ask(world, own, frame)).toEqual({ op: 'ok', ref: 1 })
  await world.clock.advance(5_000)
  expect([own.isOpen, other.closedWith?.code, third.closedWith?.code]).toEqual([true, 4401, 4401])
  expect(await ask(world, own, { op: 'sessions', ref: 2 })).toMatchObject({ items: [{ session: 's1', current: true }] })
})

test('a session that is in use says so to a minute, and when its socket closed', async () => {
  const { world, connector, own, other } = await twoSessions()
  const began = world.clock.now()
  const lastUses = async () => (await world.credentials.sessionsOf(1, began, undefined, 10)).map((s) => s.lastUsedAt)
  other.close(1000)
  for (let i = 0; i < 13; i++) {
    await world.clock.advance(10_000)
    own.pong()
  }
  expect(await lastUses()).toEqual([began + 60_000, began + 120_000])
  await connector.service.stop()
  expect(await lastUses()).toEqual([began + 60_000, world.clock.now()])
})

test('the same requests by HTTP', async () => {
  const { world, connector } = await twoSessions()
  const { api } = connector.sockets
  const identity = { userId: 1, sessionId: 's1', device: deviceOf(1) }
  const request = (frame: object) => api.request(identity, { ref: 0, ...frame }, undefined)
  expect(await request({ op: 'session.end', others: true })).toEqual({ ok: { ended: 1 } })
  expect(await request({ op: 'sessions' })).toMatchObject({ ok: { items: [{ session: 's1' }] } })
  expect(await request({ op: 'session.end', session: 's1' })).toEqual({ ok: {} })
  await world.clock.settle()
  expect(await world.credentials.session('s1', world.clock.now())).toBeUndefined()
})
