import { createMemoryRateLimits } from '@chat/attempts/memory-rate-limits'
import { createMetrics } from '@chat/runtime'
import { rates } from '@chat/schemas/protocol'
import { expect, test } from 'vitest'
import type { MemoryClient } from './socket/memory-sockets.ts'
import { connect, createTestWorld, deviceOf, type TestWorld } from './test-world.ts'

const hi = { kind: 'text', text: 'hi' }

/** Small rates, so that a handful is too much. */
const createLimitedWorld = async (limits: 'on' | 'off' = 'on') => {
  const metrics = createMetrics({ withProcess: 'bare' })
  const small = {
    ...rates,
    writesOfDevice: { burst: 3, perSecond: 1, of: 'test' },
    readsOfUser: { burst: 2, perSecond: 1, of: 'test' },
    signalsOfUser: { burst: 2, perSecond: 1, of: 'test' },
    registrationsOfAddress: { burst: 1, perSecond: 1, of: 'test' },
    loginsOfAddress: { burst: 1, perSecond: 1, of: 'test' },
  }
  const world = await createTestWorld()
  for (let id = 1; id <= 6; id++) await world.addUser(id)
  const connector = world.connector({
    ...{ limits, metrics },
    rateLimits: createMemoryRateLimits({ clock: world.clock, rates: small }),
  })
  await connector.service.start()
  const send = (client: MemoryClient, ref: number, clientMsgId = world.newId(), user = 2) => {
    client.send({ op: 'send', ref, to: { user }, clientMsgId, body: hi })
    return clientMsgId
  }
  return { world, connector, metrics, send }
}

const posted = (world: TestWorld) =>
  world.commands.flatMap((command) => (command.type === 'PostMessage' ? [command.clientMsgId] : []))

test('a burst passes, the rest is told when to come again, to another conversation there is room', async () => {
  const { world, connector, metrics, send } = await createLimitedWorld()
  const ann = await connect(world, connector, 1)
  for (let ref = 1; ref <= 4; ref++) send(ann, ref)
  send(ann, 5, undefined, 3)
  await world.clock.settle()
  expect([1, 2, 3, 5].map((ref) => ann.answers(ref)[0]?.op)).toEqual(['ok', 'ok', 'ok', 'ok'])
  expect(ann.answers(4)).toMatchObject([{ op: 'error', code: 'rate_limited', retry: 'later', retryAfterMs: 1000 }])
  await world.clock.advance(1000)
  expect((await metrics.expose()).body).toContain('chat_connector_rate_limited_total{rate="writesOfDevice"} 1\n')
})

test('what is behind a refused write is refused until that one came again, however early it tries: the order stays', async () => {
  const { world, connector, send } = await createLimitedWorld()
  const ann = await connect(world, connector, 1)
  const ids = [1, 2, 3, 4, 5].map((ref) => send(ann, ref))
  await world.clock.settle()
  expect(ann.answers(5)).toMatchObject([{ code: 'rate_limited' }])
  await world.clock.advance(400)
  for (const ref of [4, 5]) send(ann, 10 + ref, ids[ref - 1])
  await world.clock.settle()
  expect(ann.answers(14)).toMatchObject([{ code: 'rate_limited', retryAfterMs: 600 }])
  expect(ann.answers(15)).toMatchObject([{ code: 'rate_limited', retryAfterMs: 600 }])
  // Beyond the time there is a token, and the later one must not get it.
  await world.clock.advance(1600)
  send(ann, 25, ids[4])
  await world.clock.settle()
  expect(ann.answers(25)).toMatchObject([{ code: 'rate_limited' }])
  send(ann, 34, ids[3])
  await world.clock.settle()
  await world.clock.advance(2000)
  send(ann, 35, ids[4])
  await world.clock.settle()
  expect(ann.answers(35)).toMatchObject([{ op: 'ok' }])
  expect(posted(world)).toEqual(ids)
})

test('a connection that begins anew does not begin with a new burst', async () => {
  const { world, connector, send } = await createLimitedWorld()
  const before = await connect(world, connector, 1)
  for (let ref = 1; ref <= 4; ref++) send(before, ref)
  await world.clock.settle()
  const after = await connect(world, connector, 1)
  send(after, 1)
  await world.clock.settle()
  expect(after.answers(1)).toMatchObject([{ code: 'rate_limited' }])
})

test('reads and signals have buckets of their own', async () => {
  const { world, connector, send } = await createLimitedWorld()
  const ann = await connect(world, connector, 1)
  for (let ref = 1; ref <= 3; ref++) ann.send({ op: 'sync', ref })
  for (let ref = 4; ref <= 6; ref++) ann.send({ op: 'ping', ref })
  send(ann, 7)
  await world.clock.settle()
  expect([1, 2, 3, 4, 5, 6, 7].map((ref) => ann.answers(ref)[0]?.op)).toEqual([
    ...['ok', 'ok', 'error', 'ok', 'ok', 'error', 'ok'],
  ])
})

test('by HTTP it is the same bucket of the same device', async () => {
  const { world, connector, send } = await createLimitedWorld()
  const ann = await connect(world, connector, 1)
  for (let ref = 1; ref <= 3; ref++) send(ann, ref)
  await world.clock.settle()
  const identity = { userId: 1, sessionId: 's1', device: deviceOf(1) }
  const frame = { op: 'send', ref: 1, to: { user: 2 }, clientMsgId: world.newId(), body: hi }
  const { api } = connector.sockets
  expect(await api.request(identity, frame, undefined)).toMatchObject({ error: 'rate_limited', retryAfterMs: 1000 })
})

test('registrations and logins are limited by address, before their bodies are looked at', async () => {
  const { api } = (await createLimitedWorld()).connector.sockets
  for (const call of [api.register, api.logIn]) {
    expect(await call({}, 'here')).toMatchObject({ error: 'invalid' })
    expect(await call({}, 'here')).toMatchObject({ error: 'rate_limited', retryAfterMs: 1000 })
    expect(await call({}, 'there')).toMatchObject({ error: 'invalid' })
  }
})

test('CHAT_LIMITS=off lifts all of it', async () => {
  const { world, connector, send } = await createLimitedWorld('off')
  const ann = await connect(world, connector, 1)
  for (let ref = 1; ref <= 9; ref++) send(ann, ref)
  for (let ref = 11; ref <= 19; ref++) ann.send({ op: 'sync', ref })
  await world.clock.settle()
  for (let ref = 1; ref <= 9; ref++)
    expect([ann.answers(ref)[0]?.op, ann.answers(10 + ref)[0]?.op]).toEqual(['ok', 'ok'])
  for (let i = 0; i < 3; i++)
    expect(await connector.sockets.api.register({}, 'here')).toMatchObject({ error: 'invalid' })
})
