import { createMemoryPresence } from '@chat/presence/memory'
import { Fault, silentLogger } from '@chat/runtime'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createPresenceNews, newsMaxMs } from './presence-news.ts'
import { createPresenceTime } from './presence-time.ts'
import { createRegistrar } from './registrar.ts'

const createWorld = async () => {
  const clock = createFakeClock(1_000_000)
  const store = createMemoryPresence({ clock, random: createSeededRandom(1), slots: 1 })
  const lease = await store.lease({ id: 'c', socketUrl: '', connections: 0, capacity: 1, isReady: true })
  const calls: string[] = []
  const gate = { wait: Promise.resolve() }
  const connected = new Set<number>()
  const fatal: unknown[] = []
  const held = { lease: lease as typeof lease | undefined }
  const news = createPresenceNews(clock)
  const world = { isPresenceAway: false }
  const time = createPresenceTime(clock)
  const registrar = createRegistrar({
    ...{ time, news, isPresenceAway: () => world.isPresenceAway },
    presence: {
      ...store,
      register: async (of, users, orderMin) => {
        calls.push(`register ${users.join(' ')}`)
        await gate.wait
        return store.register(of, users, orderMin)
      },
      registerGroups: async (of, conversations) => {
        await gate.wait
        return store.registerGroups(of, conversations)
      },
      unregister: async (of, users) => {
        calls.push(`unregister ${users.join(' ')}`)
        return store.unregister(of, users)
      },
    },
    logger: silentLogger,
    lease: () => held.lease,
    isConnected: (user) => connected.has(user),
    onFatal: (error) => void fatal.push(error),
  })
  const present = async (user: number) => (await store.lookup([user])).locations.has(user)
  return { clock, time, news, store, world, calls, gate, connected, fatal, held, registrar, present }
}

test('those who come while a call is out travel together in the next one', async () => {
  const { calls, gate, registrar, clock } = await createWorld()
  const first = Promise.withResolvers<void>()
  gate.wait = first.promise
  const all = [1, 2, 3, 2].map((user) => registrar.register(user))
  await clock.settle()
  expect(calls).toEqual(['register 1'])
  first.resolve()
  await Promise.all(all)
  expect(calls).toEqual(['register 1', 'register 2 3'])
})

test('who went and came back before presence was told stays registered', async () => {
  const { registrar, connected, present, clock, calls } = await createWorld()
  await registrar.register(1)
  registrar.unregister(1)
  connected.add(1)
  await clock.settle()
  expect(await present(1)).toBe(true)
  connected.delete(1)
  registrar.unregister(1)
  await clock.settle()
  expect(await present(1)).toBe(false)
  expect(calls.filter((call) => call.startsWith('unregister'))).toHaveLength(1)
})

test('without a lease nobody is registered, and whoever waits is told', async () => {
  const { registrar, held, fatal } = await createWorld()
  held.lease = undefined
  const outcome = await registrar.register(1).catch((error) => error)
  expect(outcome).toBeInstanceOf(Fault)
  expect(outcome).toMatchObject({ code: 'unavailable' })
  expect(fatal).toEqual([])
})

test('while routers say that presence is away, who comes is let in with the clock for a number, and is registered with all later', async () => {
  const { registrar, store, news, clock, present } = await createWorld()
  store.goAway()
  expect(await registrar.register(1).catch((error) => error.code)).toBe('presence_unavailable')
  news.heard()
  expect(await registrar.register(1)).toBe(clock.now())
  expect(registrar.hasUnregistered()).toBe(true)
  expect(await registrar.registerAll([1], []).catch((error) => error.code)).toBe('presence_unavailable')
  expect(registrar.hasUnregistered()).toBe(true)
  store.comeBack()
  await registrar.registerAll([1], [])
  expect([registrar.hasUnregistered(), await present(1)]).toEqual([false, true])
})

test('presence that is known to be away is not asked', async () => {
  const { registrar, calls, world, clock } = await createWorld()
  world.isPresenceAway = true
  await registrar.register(1)
  registrar.unregister(1)
  await clock.settle()
  expect(calls).toEqual([])
})

test('old news let nobody in, and neither do fresh ones without a lease', async () => {
  const { registrar, store, news, clock, held } = await createWorld()
  store.goAway()
  news.heard()
  await clock.advance(newsMaxMs)
  expect(await registrar.register(1).catch((error) => error.code)).toBe('presence_unavailable')
  news.heard()
  held.lease = undefined
  expect(await registrar.register(1).catch((error) => error.code)).toBe('unavailable')
})

test('groups are registered and taken back in the order in which that was asked', async () => {
  const { registrar, store, gate, clock, fatal } = await createWorld()
  const slow = Promise.withResolvers<void>()
  gate.wait = slow.promise
  const isThere = async () => (await store.lookup([], ['g1'])).groups.has('g1')
  const registered = registrar.registerGroups(['g1'])
  registrar.unregisterGroups(['g1'])
  await clock.settle()
  slow.resolve()
  await registered
  await clock.settle()
  expect(await isThere()).toBe(false)
  registrar.unregisterGroups(['g1'])
  await registrar.registerGroups(['g1'])
  await clock.settle()
  expect([await isThere(), fatal]).toEqual([true, []])
})

test('groups of who comes while presence is away are registered with all later', async () => {
  const { registrar, store, news } = await createWorld()
  store.goAway()
  expect(await registrar.registerGroups(['g1']).catch((error) => error.code)).toBe('presence_unavailable')
  news.heard()
  await registrar.registerGroups(['g1'])
  expect(registrar.hasUnregistered()).toBe(true)
  store.comeBack()
  await registrar.registerAll([], ['g1'])
  expect([registrar.hasUnregistered(), (await store.lookup([], ['g1'])).groups.has('g1')]).toEqual([false, true])
})
