import { createHealth, createMetrics } from '@chat/runtime'
import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { listenEarly } from './early-sockets.ts'
import { createMemorySockets } from './socket/memory-sockets.ts'
import { connect, createTestWorld } from './test-world.ts'

test('refuses everything until the connector starts, then hands over', async () => {
  const inner = createMemorySockets()
  const health = createHealth()
  const metrics = createMetrics({ withProcess: 'bare' })
  const sockets = await listenEarly(inner, { health, metrics })
  const { api } = inner
  expect(await api.gateway()).toMatchObject({ error: 'unavailable' })
  expect(await api.authenticate('x')).toBeUndefined()
  const early = inner.connect()
  await createFakeClock(0).settle()
  expect(early.closedWith?.code).toBe(4503)
  const world = await createTestWorld()
  await world.addUser(1)
  const connector = world.connector({ sockets, health, metrics })
  await connector.service.start()
  expect(await api.gateway()).toHaveProperty('ok')
  const client = await connect(world, { ...connector, sockets: inner }, 1)
  expect(client.answers(0)).toMatchObject([{ op: 'ok' }])
})
