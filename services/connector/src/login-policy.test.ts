import { createPlainHasher } from '@chat/credentials/memory'
import { expect, test } from 'vitest'
import { connect, createReadyWorld, deviceOf, type TestConnector, type TestWorld } from './test-world.ts'

/** Two connectors with a policy. */
const createPair = async (loginPolicy: 'many' | 'refuse' | 'replace') => {
  const { world, connector: a } = await createReadyWorld({ loginPolicy })
  const b = world.connector({ loginPolicy, hasher: createPlainHasher() })
  await b.service.start()
  return { world, a, b }
}

const on = (world: TestWorld, connector: TestConnector, device: number) => connect(world, connector, 1, { device })

test('many: any number of devices', async () => {
  const { world, a, b } = await createPair('many')
  const clients = [await on(world, a, 1), await on(world, a, 2), await on(world, b, 3)]
  expect(clients.map(({ isOpen }) => isOpen)).toEqual([true, true, true])
})

test('refuse: while one device is connected another is told so, on whatever connector, and the first stays', async () => {
  const { world, a, b } = await createPair('refuse')
  const first = await on(world, a, 1)
  for (const connector of [a, b]) {
    const second = await on(world, connector, 2)
    expect(second.answers(0)).toMatchObject([{ op: 'error', code: 'already_online', retry: 'later' }])
    expect(second.closedWith?.code).toBe(4409)
  }
  await world.clock.advance(5_000)
  expect(first.isOpen).toBe(true)
  expect((await connect(world, b, 2)).isOpen).toBe(true)
})

test('refuse: closing the only connection locks nobody out', async () => {
  const { world, a, b } = await createPair('refuse')
  const first = await on(world, a, 1)
  first.close()
  await world.clock.settle()
  expect((await on(world, b, 2)).isOpen).toBe(true)
})

test('refuse: a connection that went while presence was away frees its user as soon as that is back', async () => {
  const { world, a, b } = await createPair('refuse')
  const first = await on(world, a, 1)
  world.presence.goAway()
  await world.sayAway(2)
  first.close()
  await world.sayAway(1)
  world.presence.comeBack()
  await world.clock.advance(4_000)
  expect((await on(world, b, 2)).isOpen).toBe(true)
})

test.each(['refuse', 'replace'] as const)(
  '%s: the same device replaces itself, on whatever connector',
  async (policy) => {
    const { world, a, b } = await createPair(policy)
    const first = await on(world, a, 1)
    const second = await on(world, b, 1)
    const third = await on(world, b, 1)
    await world.clock.advance(1_000)
    expect([first, second, third].map((client) => client.closedWith?.code)).toEqual([4409, 4409, undefined])
    expect(third.isOpen).toBe(true)
  },
)

test('replace: a new device puts out the one before, on whatever connector', async () => {
  const { world, a, b } = await createPair('replace')
  const first = await on(world, a, 1)
  const second = await on(world, b, 2)
  await world.clock.advance(1_000)
  expect([first.closedWith?.code, second.isOpen]).toEqual([4409, true])
  const third = await on(world, b, 3)
  await world.clock.advance(1_000)
  expect([second.closedWith?.code, third.isOpen]).toEqual([4409, true])
  expect((await connect(world, a, 2)).isOpen).toBe(true)
})

test.each(['refuse', 'replace'] as const)(
  '%s: of hellos that cross exactly one device is connected in the end',
  async (policy) => {
    const { world, a, b } = await createPair(policy)
    const clients = Array.from({ length: 10 }, (_, i) => {
      const client = (i % 2 === 0 ? a : b).sockets.connect()
      client.send({ op: 'hello', ref: 0, token: world.token(1), device: deviceOf(i + 1) })
      return client
    })
    await world.clock.settle()
    await world.clock.advance(2_000)
    expect(clients.filter(({ isOpen }) => isOpen)).toHaveLength(1)
    expect(clients.filter(({ closedWith }) => closedWith?.code === 4409)).toHaveLength(9)
  },
)

test.each([
  ['refuse', [undefined, 4409]],
  ['replace', [4409, undefined]],
] as const)(
  '%s: after a loss of presence all claim again with their times of login, and losers get 4409',
  async (policy, codes) => {
    const { world, a, b } = await createPair(policy)
    const first = await on(world, a, 1)
    world.presence.wipe()
    // Nobody has noticed yet: the second comes in through the gap.
    const renewed = world.connector({ loginPolicy: policy })
    await renewed.service.start()
    const second = await on(world, renewed, 2)
    expect([first.isOpen, second.isOpen]).toEqual([true, true])
    await world.clock.advance(10_000)
    expect([first.closedWith?.code, second.closedWith?.code]).toEqual(codes)
    expect(b.health.isReady()).toBe(true)
  },
)

test.each(['refuse', 'replace'] as const)(
  '%s: while presence is away hellos are unavailable, and who is here stays',
  async (policy) => {
    const { world, a } = await createPair(policy)
    const first = await on(world, a, 1)
    world.presence.goAway()
    await world.sayAway(3)
    const other = await connect(world, a, 2)
    expect(other.answers(0)).toMatchObject([{ code: 'unavailable' }])
    expect([other.closedWith?.code, first.isOpen]).toEqual([4503, true])
    world.presence.comeBack()
    await world.clock.advance(3_000)
    expect([(await connect(world, a, 2)).isOpen, first.isOpen]).toEqual([true, true])
  },
)

test('a connector that died holds nobody for longer than its lease', async () => {
  const { world, a, b } = await createPair('refuse')
  // Its lease is never renewed again.
  const lease = await world.presence.lease({
    id: 'dead',
    socketUrl: 'ws://x',
    connections: 1,
    capacity: 1,
    isReady: true,
  })
  const claim = { user: 1, device: deviceOf(9), connection: 'dead.1', order: 1 }
  await world.presence.claim(lease, [claim], 'earlier')
  expect((await on(world, a, 1)).closedWith?.code).toBe(4409)
  await world.clock.advance(7_000)
  expect((await on(world, b, 1)).isOpen).toBe(true)
})

test('refuse: a login is told beforehand that another device is connected; its own device, and any later, is not', async () => {
  const { world, a, b } = await createPair('refuse')
  await world.credentials.insertCredential('r1', 'plain:correct horse', 0)
  const logIn = (device?: number) =>
    b.sockets.api.logIn(
      { userId: 1, password: 'correct horse', ...(device === undefined ? {} : { device: deviceOf(device) }) },
      '192.0.2.1',
    )
  const first = await on(world, a, 1)
  expect(await logIn(2)).toMatchObject({ error: 'already_online' })
  expect(await logIn()).toMatchObject({ error: 'already_online' })
  expect(await logIn(1)).toHaveProperty('ok')
  first.close()
  await world.clock.settle()
  expect(await logIn(2)).toHaveProperty('ok')
})

test('replace: a login is never told so', async () => {
  const { world, a, b } = await createPair('replace')
  await world.credentials.insertCredential('r1', 'plain:correct horse', 0)
  await on(world, a, 1)
  const login = { userId: 1, password: 'correct horse', device: deviceOf(2) }
  expect(await b.sockets.api.logIn(login, '192.0.2.1')).toHaveProperty('ok')
})
