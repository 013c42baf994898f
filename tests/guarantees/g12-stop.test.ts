import type { Presence } from '@chat/presence'
import { expect, test } from 'vitest'
import { ask, join, say } from '../memory/people.ts'
import { createGround, type Ground, startWorld } from '../memory/world.ts'
import { createGroup, onLog, textsOf } from './scene.ts'

/** G12: stop loses nothing and finishes within 25 s. */

const stopMaxMs = 25_000

test('[G12] a connector that stops answers what it took, closes with 1012 and gives its slot back', async () => {
  const world = await startWorld({ ground: createGround({ slots: 1 }) })
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  world.breakAppends(({ topic }) => (topic.kind === 'commands' ? { landsAfterMs: 500 } : undefined))
  ann.client.send(say(world, 2, { conversation }, 'taken'))
  await world.clock.advance(100)
  const startedMs = world.clock.monotonic()
  await world.run(Promise.all(world.connectors.map(({ service }) => service.stop())), stopMaxMs)
  expect(ann.client.answers(2)).toMatchObject([{ op: 'ok', seq: 2 }])
  expect(ann.client.closedWith).toMatchObject({ code: 1012 })
  expect(world.clock.monotonic() - startedMs).toBeLessThan(stopMaxMs)
  // There is one slot only: whoever comes next has it at once.
  const next = await startWorld({ ground: world.ground, routers: 0, projectors: 0, firstNumber: 1 })
  expect(next.clock.monotonic() - startedMs).toBeLessThan(5_000)
  await next.stop()
  await world.stop()
  expect(world.failures).toEqual([])
})

/** Presence that never answers to a release. */
const neverReleasing = (ground: Ground): Presence => ({ ...ground.presence, release: () => new Promise(() => {}) })

test('[G12] a connector stops in time although presence does not answer any more', async () => {
  const world = await startWorld({ presenceOf: neverReleasing })
  await join(world, 'Ann', 0)
  await world.run(Promise.all(world.connectors.map(({ service }) => service.stop())), stopMaxMs)
  expect(world.failures).toEqual([])
  await world.run(Promise.all([...world.routers, ...world.projectors].map(({ service }) => service.stop())))
})

test('[G12] a router that stops finishes the batches under way and their deliveries first', async () => {
  const world = await startWorld()
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  world.breakAppends(({ topic }) =>
    topic.kind === 'events' || topic.kind === 'deliveries' ? { landsAfterMs: 300 } : undefined,
  )
  ann.client.send(say(world, 2, { conversation }, 'under way'))
  await world.clock.advance(100)
  await world.run(Promise.all(world.routers.map(({ service }) => service.stop())), stopMaxMs)
  for (const { log } of world.routers) log.kill('lose') // The process is gone, and no other is there.
  await world.clock.advance(1_000)
  expect(ann.client.answers(2)).toMatchObject([{ op: 'ok', seq: 2 }])
  expect(textsOf(await onLog(world, conversation))).toEqual(['under way'])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('[G12] a router that stopped writes nothing more, and another goes on at once', async () => {
  const world = await startWorld({ routers: 2 })
  const ann = await join(world, 'Ann', 0)
  const conversations: string[] = []
  for (let ref = 1; ref <= 6; ref++) conversations.push(await createGroup(world, ann, ref, []))
  const [first, second] = world.routers
  const startedMs = world.clock.monotonic()
  await world.run(first?.service.stop() ?? Promise.resolve(), stopMaxMs)
  const writers = new Set<string>()
  world.breakAppends(({ topic }, client) => {
    if (topic.kind === 'events') writers.add(client)
    return undefined
  })
  for (const [index, conversation] of conversations.entries())
    expect(await ask(world, ann.client, say(world, 10 + index, { conversation }, 'next'))).toMatchObject({ seq: 2 })
  expect([...writers]).toEqual([second?.name])
  expect(world.clock.monotonic() - startedMs).toBeLessThan(5_000)
  await world.stop()
  expect(world.failures).toEqual([])
})
