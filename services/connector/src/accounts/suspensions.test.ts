import { createMemoryReadModels } from '@chat/read-models/memory'
import { createHealth, Fault, silentLogger } from '@chat/runtime'
import { createFakeClock, createSeededRandom, userReinstated, userSuspended } from '@chat/testkit'
import { createStory } from '@chat/testkit/contracts/read-models-story'
import { expect, test } from 'vitest'
import { createSuspensions } from './suspensions.ts'

const scene = async () => {
  const clock = createFakeClock(0)
  const readModels = createMemoryReadModels({ clock, random: createSeededRandom(1) })
  const story = createStory(1)
  for (const id of [1, 2, 3]) story.register(id)
  const project = () => story.applyTo(readModels.projection)
  const state = { isAway: false }
  const health = createHealth()
  const told: number[] = []
  const suspensions = createSuspensions({
    readModels: {
      suspensions: (since) =>
        state.isAway ? Promise.reject(new Fault('read_models_unavailable', 'away')) : readModels.suspensions(since),
    },
    ...{ clock, health, logger: silentLogger },
  })
  suspensions.onSuspended((user) => void told.push(user))
  await project()
  const look = () => clock.advance(2_000)
  return { story, project, suspensions, told, look, state, health }
}

const delivered = (id: number, pos: number, isSuspended: boolean) => ({ id, partition: 0, pos, isSuspended })

test('who is suspended is known from the first look on, and told of once', async () => {
  const { story, project, suspensions, told, look } = await scene()
  story.raw(0, userSuspended(1, 2))
  await project()
  await suspensions.start()
  expect([suspensions.isSuspended(2), suspensions.isSuspended(3), told]).toEqual([true, false, [2]])
  story.raw(0, userSuspended(1, 2))
  story.raw(0, userSuspended(1, 3))
  await project()
  await look()
  expect([suspensions.isSuspended(2), suspensions.isSuspended(3), told]).toEqual([true, true, [2, 3]])
  story.raw(0, userReinstated(1, 2))
  await project()
  await look()
  expect([suspensions.isSuspended(2), suspensions.isSuspended(3)]).toEqual([false, true])
})

test('a delivered event counts at once, and a look that has not come to it does not take it back', async () => {
  const { story, project, suspensions, told, look } = await scene()
  await suspensions.start()
  suspensions.note(delivered(2, 3, true))
  expect([suspensions.isSuspended(2), told]).toEqual([true, [2]])
  await look()
  expect(suspensions.isSuspended(2)).toBe(true)
  story.raw(0, userSuspended(1, 2))
  await project()
  suspensions.note(delivered(2, 4, false))
  await look()
  expect(suspensions.isSuspended(2)).toBe(false)
  expect(suspensions.isUserSuspended({ id: 2, isSuspended: true })).toBe(false)
})

test('an old event that is told again does not suspend anew who was reinstated since', async () => {
  const { story, project, suspensions, told } = await scene()
  story.raw(0, userSuspended(1, 2))
  story.raw(0, userReinstated(1, 2))
  await project()
  await suspensions.start()
  suspensions.note(delivered(2, 3, true))
  expect([suspensions.isSuspended(2), told]).toEqual([false, []])
})

test('who was read a moment ago may be known to be suspended before the next look', async () => {
  const { suspensions } = await scene()
  await suspensions.start()
  expect(suspensions.isUserSuspended({ id: 3, isSuspended: true })).toBe(true)
})

test('while the database is away what is known stays known, and the third failure is said', async () => {
  const { suspensions, look, state, health, story, project } = await scene()
  story.raw(0, userSuspended(1, 2))
  await project()
  await suspensions.start()
  expect(health.isReady()).toBe(true)
  state.isAway = true
  await look()
  await look()
  expect([health.isReady(), suspensions.isSuspended(2)]).toEqual([true, true])
  await look()
  expect(health.isReady()).toBe(false)
  state.isAway = false
  await look()
  expect(health.isReady()).toBe(true)
  await suspensions.stop()
})

test('read models of another log say all anew', async () => {
  const first = await scene()
  first.story.raw(0, userSuspended(1, 2))
  await first.project()
  const second = await scene()
  second.story.raw(0, userSuspended(1, 3))
  await second.project()
  const clock = createFakeClock(0)
  const stores = [
    createMemoryReadModels({ clock, random: createSeededRandom(1) }),
    createMemoryReadModels({ clock, random: createSeededRandom(2) }),
  ]
  for (const [index, { story }] of [first, second].entries()) {
    const store = stores[index]
    if (store !== undefined) await story.applyTo(store.projection)
  }
  let current = stores[0]
  const suspensions = createSuspensions({
    readModels: { suspensions: async (since) => current?.suspensions(since) ?? Promise.reject(new Error('none')) },
    ...{ clock, health: createHealth(), logger: silentLogger },
  })
  await suspensions.start()
  expect(suspensions.isSuspended(2)).toBe(true)
  current = stores[1]
  await clock.advance(2_000)
  expect([suspensions.isSuspended(2), suspensions.isSuspended(3)]).toEqual([false, true])
})
