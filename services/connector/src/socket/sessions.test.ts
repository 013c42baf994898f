import { expect, test } from 'vitest'
import { connect, createReadyWorld, deviceOf } from '../test-world.ts'

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
