import { Fault } from '@chat/runtime'
import { memberJoined, memberRemoved } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { MemoryClient } from '../socket/memory-sockets.ts'
import { connect, createReadyWorld, pushed, type TestWorld } from '../test-world.ts'

const minute = 60_000

/** A connector to which three members are many, and a group of some of its users 1 to 6. */
const createWorld = async (members: readonly number[] = [1, 2, 3, 5]) => {
  const { world, connector } = await createReadyWorld({ largeGroupMembers: 3 })
  const group = await createGroup(world, members)
  world.flags.way = 'members'
  return { world, connector, group, ...actsOf(world, group) }
}

const createGroup = async (world: TestWorld, members: readonly number[], groupId = 1) => {
  const conversation = `g${groupId}`
  const [owner = 0, ...others] = members
  const none = Buffer.alloc(0)
  await world.happen(conversation, (seq) => ({
    ...{ type: 'GroupCreated', conversation, groupId, seq, actor: owner, device: 'x', at: world.clock.now() },
    ...{ clientMsgId: world.newId(), name: null, normalisedName: null, title: none, description: none, keyId: null },
    ...{ visibility: 'private', joinPolicy: 'invite', history: 'sinceJoin', membership: 'stored', members: others },
  }))
  await world.clock.settle()
  return conversation
}

const actsOf = (world: TestWorld, group: string) => {
  const settled = async <T>(happened: Promise<T>) => {
    const result = await happened
    await world.clock.settle()
    return result
  }
  return {
    post: (from = 1) => settled(world.post(from, group, 'hi')),
    join: (user: number) => settled(world.happen(group, (seq) => memberJoined(user, group, seq))),
    remove: (user: number) => settled(world.happen(group, (seq) => memberRemoved(1, group, seq, user))),
    registered: async () => (await world.presence.lookup([], [group])).groups.get(group)?.length ?? 0,
  }
}

/** Time passes, and the client is heard. */
const minutes = async ({ clock }: TestWorld, client: MemoryClient, count: number) => {
  for (let passed = 0; passed < count * 6; passed++) {
    client.pong()
    await clock.advance(minute / 6)
  }
}

const stopDelivering = async (world: TestWorld, run: () => Promise<unknown>) => {
  world.flags.delivers = false
  await run()
  world.flags.delivers = true
}

test('what goes to all members goes once to each of them who is here, and to nobody else', async () => {
  const { world, connector, post, registered } = await createWorld()
  const clients = [await connect(world, connector, 1), await connect(world, connector, 2)]
  clients.push(await connect(world, connector, 2, { device: 9 }), await connect(world, connector, 4))
  expect(await registered()).toBe(1)
  await post()
  expect(clients.map(pushed)).toEqual([['g1:2'], ['g1:2'], ['g1:2'], []])
})

test('a small group is not registered', async () => {
  const { world, connector, registered } = await createWorld([1, 2])
  await connect(world, connector, 1)
  expect(await registered()).toBe(0)
})

test('who joins gets it from then on, who is removed nothing after that', async () => {
  const { world, connector, post, join, remove } = await createWorld()
  const clients = [await connect(world, connector, 1), await connect(world, connector, 2)]
  clients.push(await connect(world, connector, 4))
  await post()
  await join(4)
  await post()
  await remove(2)
  await post()
  const all = [2, 3, 4, 5, 6].map((seq) => `g1:${seq}`)
  expect(clients.map(pushed)).toEqual([all, all.slice(0, 4), all.slice(1)])
  for (const client of clients) expect(client.pushes('resync')).toEqual([])
})

test('a group that becomes large while its members are here is registered, and nothing of it is missed', async () => {
  const { world, connector } = await createReadyWorld({ largeGroupMembers: 3 })
  const clients = [await connect(world, connector, 1), await connect(world, connector, 2)]
  world.flags.way = 'each_of_large'
  const { post, join, registered } = actsOf(world, await createGroup(world, [1, 2, 3]))
  await post()
  expect(await registered()).toBe(1)
  world.flags.way = 'members'
  await post()
  await join(4)
  const all = [1, 2, 3, 4].map((seq) => `g1:${seq}`)
  expect(clients.map(pushed)).toEqual([all, all])
  for (const client of clients) expect(client.pushes('resync')).toEqual([])
})

test('who joins a group that nobody here is in is told by name, syncs once it is registered, and gets the rest', async () => {
  const { world, connector, join, post, registered } = await createWorld()
  const client = await connect(world, connector, 4)
  await join(4)
  expect(await registered()).toBe(1)
  await world.clock.advance(10_000)
  await post()
  expect([pushed(client), client.pushes('resync').length]).toEqual([['g1:2', 'g1:3'], 1])
})

test('pushes wait until the read models passed the end of the log, and go to those alone who are members then', async () => {
  const { world, connector, remove, post } = await createWorld()
  world.flags.projects = false
  await remove(2)
  const [one, two] = [await connect(world, connector, 1), await connect(world, connector, 2)]
  await post()
  expect([pushed(one), pushed(two)]).toEqual([[], []])
  await world.project()
  await world.clock.advance(1_000)
  expect([pushed(one), pushed(two)]).toEqual([['g1:3'], []])
  expect([one.pushes('resync'), two.pushes('resync')]).toEqual([[], []])
})

/** A connector that gets what it reads of large groups in its `slow`th reading only when the gate is opened: then it is old. A login reads twice. */
const createSlowReader = async (world: TestWorld, { beforeSync = Promise.resolve(), slow = 2 } = {}) => {
  const gate = Promise.withResolvers<void>()
  let reads = 0
  const readModels: typeof world.readModels = {
    ...world.readModels,
    largeGroups: async (...asked) => {
      const stays = await world.readModels.largeGroups(...asked)
      if (++reads === slow) await gate.promise
      return stays
    },
    sync: async (query) => {
      await beforeSync
      return world.readModels.sync(query)
    },
  }
  const connector = world.connector({ largeGroupMembers: 3, readModels })
  await connector.service.start()
  const open = async () => {
    gate.resolve()
    await world.clock.settle()
  }
  return { connector, open }
}

test('what a sync gave is not pushed as well, though his groups are read later', async () => {
  const { world, post } = await createWorld()
  const { promise, resolve } = Promise.withResolvers<void>()
  const { connector, open } = await createSlowReader(world, { beforeSync: promise })
  const client = await connect(world, connector, 1, { sync: '' })
  await post()
  resolve()
  await world.clock.settle()
  expect(client.answers(0)).toMatchObject([{ op: 'ok', sync: { conversations: [{ id: 'g1', to: 2 }] } }])
  await open()
  await post()
  expect(pushed(client)).toEqual(['g1:3'])
})

test('who is named by a new group while his groups are read is a member all the same', async () => {
  const { world } = await createReadyWorld()
  const { connector, open } = await createSlowReader(world)
  const client = await connect(world, connector, 1)
  world.flags.way = 'each_of_large'
  const { post } = actsOf(world, await createGroup(world, [1, 2, 3]))
  await open()
  world.flags.way = 'members'
  await post()
  expect([pushed(client), client.pushes('resync')]).toEqual([['g1:1', 'g1:2'], []])
})

test('whoever is named by another group while one comes to light that he is in syncs like the others', async () => {
  const { world } = await createReadyWorld()
  const { connector, open } = await createSlowReader(world, { slow: 5 })
  const clients = [await connect(world, connector, 1), await connect(world, connector, 2)]
  world.flags.way = 'members'
  await stopDelivering(world, async () => {
    const { post } = actsOf(world, await createGroup(world, [1, 2, 3]))
    await post()
  })
  // Everybody's groups are read again: the fifth reading.
  for (let passed = 0; passed < 36; passed++) {
    for (const client of clients) client.pong()
    await world.clock.advance(minute / 6)
  }
  world.flags.way = 'each_of_large'
  await createGroup(world, [2, 3, 5], 2)
  await open()
  await world.clock.advance(10_000)
  expect(clients.map((client) => client.pushes('resync').length)).toEqual([1, 1])
})

const failingToRegister = async (world: TestWorld, run: () => Promise<unknown>) => {
  const { registerGroups } = world.presence
  Object.assign(world.presence, {
    registerGroups: () => Promise.reject(new Fault('presence_unavailable', 'it answers no more')),
  })
  await run()
  Object.assign(world.presence, { registerGroups })
}

test('who is named by a group that is registered too late syncs, as something was told to members alone before', async () => {
  const { world, connector } = await createReadyWorld({ largeGroupMembers: 3 })
  const clients = [await connect(world, connector, 1), await connect(world, connector, 2)]
  const { post } = actsOf(world, 'g1')
  await failingToRegister(world, async () => {
    world.flags.way = 'each_of_large'
    await createGroup(world, [1, 2, 3])
    await post()
    world.flags.way = 'members'
    await post()
  })
  await world.clock.advance(10_000)
  await post()
  expect(clients.map(pushed)).toEqual([
    ['g1:1', 'g1:2', 'g1:4'],
    ['g1:1', 'g1:2', 'g1:4'],
  ])
  expect(clients.map((client) => client.pushes('resync').length)).toEqual([1, 1])
})

test('who is named by a group that is registered late misses nothing while he is told by name', async () => {
  const { world, connector } = await createReadyWorld({ largeGroupMembers: 3 })
  const client = await connect(world, connector, 1)
  const { post } = actsOf(world, 'g1')
  world.flags.way = 'each_of_large'
  await failingToRegister(world, async () => {
    await createGroup(world, [1, 2, 3])
    await post()
    await post()
  })
  await world.clock.advance(10_000)
  world.flags.way = 'members'
  await post()
  expect([pushed(client), client.pushes('resync')]).toEqual([['g1:1', 'g1:2', 'g1:3', 'g1:4'], []])
})

test('who leaves and joins again before his group is registered syncs for what he missed before he left', async () => {
  const { world, connector } = await createReadyWorld({ largeGroupMembers: 3 })
  const client = await connect(world, connector, 1)
  const { post, remove, join } = actsOf(world, 'g1')
  await failingToRegister(world, async () => {
    world.flags.way = 'each_of_large'
    await createGroup(world, [2, 1, 3, 5])
    world.flags.way = 'members'
    await post(2)
    world.flags.way = 'each_of_large'
    await remove(1)
    await join(1)
  })
  await world.clock.advance(10_000)
  expect(pushed(client)).toEqual(['g1:1', 'g1:3', 'g1:4'])
  expect(client.pushes('resync').length).toBe(1)
})

test('a group that somebody joined just before his hello is found, and he syncs', async () => {
  const { world, connector, join, post } = await createWorld()
  world.flags.projects = false
  await stopDelivering(world, () => join(4))
  const client = await connect(world, connector, 4)
  await world.project()
  await world.clock.advance(10_000)
  await post()
  expect([pushed(client), client.pushes('resync').length]).toEqual([['g1:3'], 1])
})

test('behind a delivery that was lost nobody is told before members are read again: a removal may be in it', async () => {
  const { world, connector, post, remove } = await createWorld()
  const [one, two] = [await connect(world, connector, 1), await connect(world, connector, 2)]
  await stopDelivering(world, () => remove(2))
  await post()
  await world.clock.advance(10_000)
  await post()
  expect([pushed(one), pushed(two)]).toEqual([['g1:4'], []])
  expect([one.pushes('resync').length, two.pushes('resync').length]).toEqual([1, 1])
})

test('presence lost everything: groups are registered again with their members', async () => {
  const { world, connector, post, registered } = await createWorld()
  const client = await connect(world, connector, 1)
  world.presence.wipe()
  expect(await registered()).toBe(0)
  await world.clock.advance(10_000)
  expect(await registered()).toBe(1)
  await post()
  expect(pushed(client)).toEqual(['g1:2'])
})

test('who comes while presence is away is found once it is back', async () => {
  const { world, connector, post, registered } = await createWorld()
  world.presence.goAway()
  await world.sayAway(2)
  const client = await connect(world, connector, 1)
  await post()
  world.presence.comeBack()
  await world.clock.advance(10_000)
  expect(await registered()).toBe(1)
  await post()
  expect(pushed(client)).toEqual(['g1:2', 'g1:3'])
})

test('while the read models are away pushes wait, and go out when they are back', async () => {
  const { world, connector, post } = await createWorld()
  world.flags.projects = false
  await post()
  const client = await connect(world, connector, 1)
  await post()
  await minutes(world, client, 1)
  expect(pushed(client)).toEqual([])
  await world.project()
  await world.clock.advance(3_000)
  expect(pushed(client)).toEqual(['g1:3'])
})

test('a group is taken back a while after its last member went, not when he only reconnects', async () => {
  const { world, connector, post, registered } = await createWorld()
  const first = await connect(world, connector, 1)
  first.close()
  await world.clock.advance(minute / 2)
  const second = await connect(world, connector, 1)
  await minutes(world, second, 3)
  expect(await registered()).toBe(1)
  await post()
  expect(pushed(second)).toEqual(['g1:2'])
  second.close()
  await world.clock.advance(2 * minute)
  expect(await registered()).toBe(0)
})

test('what was missed unseen is found within five minutes', async () => {
  const { world, connector, join, post, registered } = await createWorld()
  const client = await connect(world, connector, 4)
  await stopDelivering(world, () => join(4))
  expect(await registered()).toBe(0)
  await minutes(world, client, 6)
  expect(await registered()).toBe(1)
  await post()
  expect(pushed(client)).toEqual(['g1:3'])
})

test('a hello whose groups cannot be registered is refused, and the next one begins anew', async () => {
  const { world, connector, registered } = await createWorld()
  await failingToRegister(world, async () => {
    expect((await connect(world, connector, 1)).isOpen).toBe(false)
  })
  const client = await connect(world, connector, 1)
  expect([client.isOpen, await registered()]).toEqual([true, 1])
})
