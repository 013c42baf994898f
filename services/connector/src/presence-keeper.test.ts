import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld, createTestWorld, pushed, type TestWorld } from './test-world.ts'

const hi = { kind: 'text', text: 'hi' }

/** A ready connector whose presence can go away. */
const createShakyWorld = async () => {
  const world = await createTestWorld()
  for (let id = 1; id <= 6; id++) await world.addUser(id)
  const state = { isAway: false }
  const { presence } = world
  const away = () => Promise.reject(new Fault('presence_unavailable', 'away'))
  const connector = world.connector({
    presence: {
      ...presence,
      lease: (info) => (state.isAway ? away() : presence.lease(info)),
      renew: (lease, info) => (state.isAway ? away() : presence.renew(lease, info)),
      register: (...args) => (state.isAway ? away() : presence.register(...args)),
    },
  })
  await connector.service.start()
  return { world, connector, state }
}

test('presence away for two thirds of the lease closes all sockets with 4503; then a new lease is taken', async () => {
  const { world, connector, state } = await createShakyWorld()
  const client = await connect(world, connector, 1)
  state.isAway = true
  await world.clock.advance(3_500)
  expect(client.isOpen).toBe(true)
  await world.clock.advance(2_000)
  expect(client.closedWith?.code).toBe(4503)
  expect(connector.health.isReady()).toBe(false)
  state.isAway = false
  await world.clock.advance(3_000)
  expect(connector.health.isReady()).toBe(true)
  const again = await connect(world, connector, 1)
  await world.post(2, 'd1.2', 'hi')
  await world.clock.settle()
  expect(pushed(again)).toEqual(['d1.2:1'])
})

/** Presence forgets everything, and another connector takes the slot before it is renewed. */
const loseSlot = async ({ presence, clock }: TestWorld) => {
  presence.wipe()
  await clock.advance(10)
  await presence.lease({ id: 'another', socketUrl: 'ws://another', connections: 0, capacity: 1, isReady: true })
}

/** Two ready connectors, and presence that can go away. */
const createPair = async () => {
  const { world, connector } = await createReadyWorld()
  const other = world.connector()
  await other.service.start()
  return { world, connector, other }
}

test('presence away while routers say so: nobody is closed, pushes and replies arrive, and hellos are taken', async () => {
  const { world, connector, other } = await createPair()
  const [one, two] = [await connect(world, connector, 1), await connect(world, other, 2)]
  world.presence.goAway()
  await world.sayAway(10)
  expect([one.isOpen, two.isOpen, connector.health.isReady()]).toEqual([true, true, true])
  const answer = await ask(world, one, { op: 'send', to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  expect([answer.op, pushed(one), pushed(two)]).toEqual(['ok', ['d1.2:1'], ['d1.2:1']])
  const three = await connect(world, connector, 3)
  await world.post(2, 'd2.3', 'to one who came meanwhile')
  await world.clock.settle()
  expect([three.isOpen, pushed(three)]).toEqual([true, ['d2.3:1']])
})

test('presence is back: all are registered again and told to sync, nobody is closed', async () => {
  const { world, connector, other } = await createPair()
  const clients = [await connect(world, connector, 1), await connect(world, other, 2)]
  world.presence.goAway()
  await world.sayAway(10)
  clients.push(await connect(world, connector, 3))
  world.presence.comeBack()
  await world.clock.advance(8_000)
  expect(clients.map((client) => [client.isOpen, client.pushes('resync').length])).toEqual([
    [true, 1],
    [true, 1],
    [true, 1],
  ])
  expect([...(await world.presence.lookup([1, 2, 3])).locations.keys()]).toEqual([1, 2, 3])
})

test('a write that waits while its lease is replaced gets the reply that was sent to the old one', async () => {
  const { world, connector } = await createReadyWorld()
  const writer = await connect(world, connector, 1)
  world.flags.routes = false
  writer.send({ op: 'send', ref: 1, to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  await world.clock.settle()
  await loseSlot(world)
  await world.clock.advance(1_200)
  expect(connector.health.isReady()).toBe(true)
  await world.routeAll()
  await world.clock.advance(1_000)
  expect([writer.isOpen, writer.answers(1)]).toMatchObject([true, [{ op: 'ok', seq: 1 }]])
})

test('while presence is away a hello elsewhere closes the device here, whatever the clocks say', async () => {
  const { world, connector } = await createReadyWorld()
  const clock = { ...world.clock, now: () => world.clock.now() - 3_600_000 }
  const slow = world.connector({ clock })
  await slow.service.start()
  const old = await connect(world, connector, 1, { device: 10 })
  world.presence.goAway()
  await world.sayAway(6)
  const fresh = await connect(world, slow, 1, { device: 10, clock })
  await world.clock.settle()
  expect([old.closedWith?.code, fresh.isOpen]).toEqual([4409, true])
})

test('one hello that was let in during a hiccup is registered with the next renewal', async () => {
  const { world, connector } = await createReadyWorld()
  await world.sayAway(1)
  world.presence.goAway()
  const client = await connect(world, connector, 1)
  world.presence.comeBack()
  await world.clock.advance(1_500)
  expect(client.isOpen).toBe(true)
  expect((await world.presence.lookup([1])).locations.has(1)).toBe(true)
})

test('a connector that starts while presence is away is not ready, whatever routers say', async () => {
  const world = await createTestWorld()
  world.presence.goAway()
  const connector = world.connector()
  const started = connector.service.start().catch(() => 'stopped')
  await world.sayAway(10)
  expect(connector.health.isReady()).toBe(false)
  world.presence.comeBack()
  await world.clock.advance(3_000)
  await started
  expect(connector.health.isReady()).toBe(true)
})

test('presence that lost everything gets everybody again under the same lease, and all are told to sync', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  world.presence.wipe()
  await world.post(2, 'd1.2', 'nobody is found')
  await world.clock.advance(8_000)
  expect({ open: client.isOpen, resyncs: client.pushes('resync').length }).toEqual({ open: true, resyncs: 1 })
  await world.post(2, 'd1.2', 'found again')
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:2'])
})

test('a write whose reply can no longer arrive closes its connection, so that it is sent again', async () => {
  const { world, connector } = await createReadyWorld()
  const writer = await connect(world, connector, 1)
  const reader = await connect(world, connector, 2)
  world.flags.routes = false
  writer.send({ op: 'send', ref: 1, to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  await world.clock.settle()
  await loseSlot(world)
  await world.clock.advance(2_000)
  expect({ writer: writer.closedWith?.code, reader: reader.isOpen }).toEqual({ writer: 4503, reader: true })
})

test('everybody is registered again every five minutes', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  const lease = (await world.presence.lookup([1])).locations.get(1)?.[0]
  expect(lease).toBeDefined()
  if (lease === undefined) return
  await world.presence.unregister({ ...lease, generation: '' }, [1])
  for (let i = 0; i < 32; i++) {
    await world.clock.advance(10_000)
    client.pong()
  }
  expect((await world.presence.lookup([1])).locations.get(1)).toEqual([lease])
})

test('the last connection of a user takes him out of presence, another one keeps him', async () => {
  const { world, connector } = await createReadyWorld()
  const phone = await connect(world, connector, 1, { device: 10 })
  const laptop = await connect(world, connector, 1, { device: 11 })
  phone.close()
  await world.clock.settle()
  expect((await world.presence.lookup([1])).locations.has(1)).toBe(true)
  laptop.close()
  await world.clock.settle()
  expect((await world.presence.lookup([1])).locations.has(1)).toBe(false)
})

test('a hello on another connector closes the device here with 4409, its other devices stay', async () => {
  const { world, connector } = await createReadyWorld()
  const other = world.connector()
  await other.service.start()
  const old = await connect(world, connector, 1, { device: 10 })
  const laptop = await connect(world, connector, 1, { device: 11 })
  await world.clock.advance(1_000)
  const fresh = await connect(world, other, 1, { device: 10 })
  expect([old.closedWith?.code, laptop.isOpen, fresh.isOpen]).toEqual([4409, true, true])
})

test.each([
  ['the first', 0],
  ['the second', 1],
])(
  'of two hellos of a device that cross on two connectors, the newer stays: the one presence heard later, here %s',
  async (_, newer) => {
    const world = await createTestWorld()
    await world.addUser(1)
    const gates = [0, 1].map(() => Promise.withResolvers<void>())
    const connectorOf = (index: number) =>
      world.connector({
        presence: {
          ...world.presence,
          register: async (...args) => {
            await gates[index]?.promise
            return world.presence.register(...args)
          },
        },
      })
    const [connector, other] = [connectorOf(0), connectorOf(1)]
    await connector.service.start()
    await other.service.start()
    const [one, two] = await Promise.all([
      connect(world, connector, 1, { device: 10 }),
      connect(world, other, 1, { device: 10 }),
    ])
    gates[1 - newer]?.resolve()
    await Promise.resolve()
    gates[newer]?.resolve()
    await world.clock.settle()
    const clients = [one, two]
    expect([clients[newer]?.isOpen, clients[1 - newer]?.closedWith?.code]).toEqual([true, 4409])
  },
)

test('the gateway lists the connector as ready, with its load', async () => {
  const { world, connector } = await createReadyWorld()
  await connect(world, connector, 1)
  await world.clock.advance(1_500)
  expect(await connector.sockets.api.gateway()).toMatchObject({
    ok: { connectors: [{ socketUrl: 'ws://127.0.0.1:1/v1/socket', connections: 1, capacity: 100, ready: true }] },
  })
})

test('a frame is answered on a connection that was there before the lease changed', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  await loseSlot(world)
  await world.clock.advance(2_000)
  const answer = await ask(world, client, { op: 'send', to: { user: 2 }, clientMsgId: world.newId(), body: hi })
  expect(answer).toMatchObject({ op: 'ok', seq: 1 })
})
