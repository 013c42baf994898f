import { orphanAgeMs } from '@chat/credentials'
import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import { createReadyWorld } from '../test-world.ts'

const twoHoursMs = 2 * 60 * 60_000

/** A running connector and credentials of a day ago: user 1's, and one that made no user. */
const withOrphan = async (overrides: Parameters<typeof createReadyWorld>[0] = {}) => {
  const { world, connector } = await createReadyWorld(overrides)
  const dayAgo = world.clock.now() - orphanAgeMs
  await world.credentials.insertCredential('r1', 'hash', dayAgo)
  await world.credentials.insertCredential('orphan', 'hash', dayAgo)
  await world.credentials.insertCredential('young', 'hash', world.clock.now() + twoHoursMs)
  const kept = async () => {
    const ids = ['r1', 'orphan', 'young']
    const hashes = await Promise.all(ids.map((id) => world.credentials.passwordHash(id)))
    return ids.filter((_, index) => hashes[index] !== undefined)
  }
  return { world, connector, kept }
}

test('a running connector takes away a credential that made no user within a day, and no other', async () => {
  const { world, connector, kept } = await withOrphan()
  expect(await kept()).toEqual(['r1', 'orphan', 'young'])
  await world.clock.advance(twoHoursMs + 1_000)
  expect(await kept()).toEqual(['r1', 'young'])
  expect(connector.fatal).toEqual([])
})

test('while the read models lie behind the log nothing is taken away', async () => {
  const { world, kept } = await withOrphan()
  world.flags.projects = false
  await world.addUser(7)
  await world.clock.advance(2 * twoHoursMs)
  expect(await kept()).toEqual(['r1', 'orphan', 'young'])
  await world.project()
  await world.clock.advance(twoHoursMs)
  expect(await kept()).toEqual(['r1', 'young'])
})

test('with events parked nothing is taken away, and a failure of the store is no end of the process', async () => {
  const { world, connector, kept } = await withOrphan()
  Object.assign(world.readModels, { registered: async () => undefined })
  await world.clock.advance(twoHoursMs + 1_000)
  Object.assign(world.readModels, { registered: () => Promise.reject(new Fault('read_models_unavailable', 'away')) })
  await world.clock.advance(twoHoursMs)
  expect(await kept()).toEqual(['r1', 'orphan', 'young'])
  expect(connector.fatal).toEqual([])
  await connector.service.stop()
})
