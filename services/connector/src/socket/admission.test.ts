import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { SocketHandlers } from '../ports.ts'
import { createStats } from '../stats.ts'
import { deviceOf } from '../test-world.ts'
import type { ConnectionServices } from './connection-services.ts'
import { createConnections } from './connections.ts'
import { createMemorySockets } from './memory-sockets.ts'

test('a session that ends between the check of its token and the admission is refused', async () => {
  const clock = createFakeClock(0)
  const ended = new Set<string>()
  const services: Partial<ConnectionServices> = {
    ...{ clock, stats: createStats(), heartbeatMs: 25_000, isOpen: () => true },
    authenticate: async () => {
      ended.add('s1')
      return { userId: 1, sessionId: 's1', device: deviceOf(1) }
    },
    isEnded: (sessionId) => ended.has(sessionId),
  }
  const connections = createConnections({
    ...{ clock, random: createSeededRandom(1), onTick: () => {}, idPrefix: () => 'c' },
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
