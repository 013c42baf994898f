import { createMemoryPresence } from '@chat/presence/memory'
import { Fault, silentLogger } from '@chat/runtime'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
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
  const registrar = createRegistrar({
    presence: {
      ...store,
      register: async (of, users) => {
        calls.push(`register ${users.join(' ')}`)
        await gate.wait
        return store.register(of, users)
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
  return { clock, calls, gate, connected, fatal, held, registrar, present }
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
