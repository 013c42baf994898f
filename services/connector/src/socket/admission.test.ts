import { createMemoryRateLimits } from '@chat/attempts/memory-rate-limits'
import type { Presence } from '@chat/presence'
import { createMetrics } from '@chat/runtime'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { SocketHandlers } from '../ports.ts'
import { createRateLimiter } from '../rate-limiter.ts'
import { createStats } from '../stats.ts'
import { connect, createTestWorld, deviceOf } from '../test-world.ts'
import type { ConnectionServices } from './connection-services.ts'
import { createConnections } from './connections.ts'
import { createHelloGate, hellosAtOnceMax, hellosWaitingMax } from './hello-gate.ts'
import { createMemorySockets } from './memory-sockets.ts'
import { Turns } from './turns.ts'

test('a session that ends between the check of its token and the admission is refused', async () => {
  const clock = createFakeClock(0)
  const ended = new Set<string>()
  const services: Partial<ConnectionServices> = {
    ...{ clock, stats: createStats(), heartbeatMs: 25_000, isOpen: () => true },
    helloGate: createHelloGate(createSeededRandom(1)),
    turns: new Turns(clock),
    rateLimiter: createRateLimiter(
      { rateLimits: createMemoryRateLimits({ clock }), metrics: createMetrics({ withProcess: 'bare' }) },
      'on',
    ),
    authenticate: async () => {
      ended.add('s1')
      return { userId: 1, sessionId: 's1', device: deviceOf(1) }
    },
    isEnded: (sessionId) => ended.has(sessionId),
  }
  const connections = createConnections({
    ...{ clock, random: createSeededRandom(1), onTick: () => {}, idPrefix: () => 'c', onLeft: () => {} },
    services: () => services as ConnectionServices,
  })
  const sockets = createMemorySockets()
  await sockets.start({ accept: connections.accept } as SocketHandlers)
  const client = sockets.connect()
  client.send({ op: 'hello', ref: 1, token: 'x', device: deviceOf(1) })
  await clock.settle()
  expect(client.answers(1)).toMatchObject([{ code: 'unauthorized' }])
  expect(client.closedWith?.code).toBe(4401)
  expect(connections.users()).toEqual([])
})

test('a hello beyond those in work and waiting is refused at once, with a time to come back and without any work; then all goes on', async () => {
  const world = await createTestWorld()
  await world.addUser(1)
  const gate = Promise.withResolvers<void>()
  let registered = 0
  const register: Presence['register'] = async (lease, users, orderMin) => {
    registered += users.length
    await gate.promise
    return world.presence.register(lease, users, orderMin)
  }
  const connector = world.connector({ capacity: 10_000, presence: { ...world.presence, register } })
  await connector.service.start()
  const admitted = hellosAtOnceMax + hellosWaitingMax
  const clients = Array.from({ length: admitted + 1 }, (_, index) => {
    const client = connector.sockets.connect()
    client.send({ op: 'hello', ref: 1, token: world.token(1), device: deviceOf(index) })
    return client
  })
  await world.clock.settle()
  const last = clients.at(-1)
  expect(last?.answers(1)).toMatchObject([{ op: 'error', code: 'unavailable', retry: 'later' }])
  expect(last?.answers(1)[0]?.retryAfterMs).toBeGreaterThan(0)
  expect(last?.closedWith?.code).toBe(4503)
  expect([registered, clients.filter((client) => client.answers(1).length > 0).length]).toEqual([1, 1])
  gate.resolve()
  await world.clock.runUntil(() => clients.every((client) => client.answers(1).length === 1), 10_000)
  expect(clients.filter((client) => client.answers(1)[0]?.op === 'ok')).toHaveLength(admitted)
  expect((await connect(world, connector, 1, { device: 9_999 })).answers(0)).toMatchObject([{ op: 'ok' }])
})
