import { createMemoryPresence } from '@chat/presence/memory'
import { Fault, silentLogger } from '@chat/runtime'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld, deviceOf, type TestWorld } from '../test-world.ts'
import type { Privacy } from './privacy.ts'
import { createPresenceWatch, distrustMs, type Watcher } from './watch.ts'

const seconds = 1_000

/** Two connectors; somebody is connected to each. */
const createWorld = async () => {
  const { world, connector } = await createReadyWorld()
  const other = world.connector()
  await other.service.start()
  return { world, connector, other, ann: await connect(world, connector, 1) }
}

const watch = (world: TestWorld, client: Awaited<ReturnType<typeof connect>>, users: readonly number[], ref = 1) =>
  ask(world, client, { op: 'presence.watch', ref, users })

test('watching tells who is online and since when, on whatever connector, and who is not', async () => {
  const { world, connector, other, ann } = await createWorld()
  const since = new Date(world.clock.now()).toISOString()
  await connect(world, other, 2)
  await connect(world, connector, 3)
  expect(await watch(world, ann, [2, 3, 4, 999_999])).toMatchObject({
    op: 'ok',
    users: [
      { id: 2, online: true, since },
      { id: 3, online: true, since },
      { id: 4, online: false },
      { id: 999_999, online: false },
    ],
  })
})

test('who comes is pushed within two seconds, and who goes once the grace period is over, with the time he went', async () => {
  const { world, other, ann } = await createWorld()
  await watch(world, ann, [2])
  const bob = await connect(world, other, 2)
  await world.clock.advance(2 * seconds)
  expect(ann.pushes('presence')).toMatchObject([{ user: 2, online: true }])
  bob.close()
  const went = world.clock.now()
  await world.clock.advance(4 * seconds)
  expect(ann.pushes('presence')).toHaveLength(1)
  await world.clock.advance(4 * seconds)
  const [, gone] = ann.pushes('presence')
  expect(gone).toMatchObject({ user: 2, online: false })
  const lastSeenMs = Date.parse(String(gone?.lastSeenAt))
  expect(lastSeenMs).toBeGreaterThanOrEqual(went)
  expect(lastSeenMs).toBeLessThanOrEqual(went + 2 * seconds)
})

test('a page that is loaded anew does not flicker', async () => {
  const { world, other, ann } = await createWorld()
  const bob = await connect(world, other, 2)
  await watch(world, ann, [2])
  bob.close()
  await world.clock.advance(3 * seconds)
  await connect(world, other, 2)
  await world.clock.advance(10 * seconds)
  expect(ann.pushes('presence')).toEqual([])
})

test('who was offline before was last seen when his session was last at work', async () => {
  const { world, ann } = await createWorld()
  const [createdAt, device] = [world.clock.now() - 60 * seconds, deviceOf(4)]
  const session = { id: 'of-4', userId: 4, device, createdAt, expiresAt: createdAt + 3600 * seconds }
  await world.credentials.beginSession(session)
  await world.credentials.touchSessions(['of-4'], createdAt + 30 * seconds)
  const lastSeenAt = new Date(createdAt + 30 * seconds).toISOString()
  expect(await watch(world, ann, [4])).toMatchObject({ users: [{ id: 4, online: false, lastSeenAt }] })
})

test('a connection that does not watch, or no more, is told nothing', async () => {
  const { world, connector, other, ann } = await createWorld()
  const carl = await connect(world, connector, 3)
  await watch(world, ann, [2, 4])
  await watch(world, carl, [2])
  expect(await ask(world, ann, { op: 'presence.unwatch', ref: 2, users: [2] })).toMatchObject({ op: 'ok' })
  expect(await ask(world, carl, { op: 'presence.unwatch', ref: 2 })).toMatchObject({ op: 'ok' })
  await connect(world, other, 2)
  await connect(world, other, 4)
  await world.clock.advance(3 * seconds)
  expect(ann.pushes('presence')).toMatchObject([{ user: 4, online: true }])
  expect(carl.pushes('presence')).toEqual([])
})

test('a connection watches 500 users and no more, each counted once, until it stops watching some', async () => {
  const { world, ann } = await createWorld()
  const users = Array.from({ length: 500 }, (_, index) => index + 1)
  expect(await watch(world, ann, users)).toMatchObject({ op: 'ok' })
  expect(await watch(world, ann, users, 2)).toMatchObject({ op: 'ok' })
  expect(await watch(world, ann, [501], 3)).toMatchObject({ op: 'error', code: 'too_many' })
  await ask(world, ann, { op: 'presence.unwatch', ref: 4, users: [7] })
  expect(await watch(world, ann, [501], 5)).toMatchObject({ op: 'ok' })
})

test('a connector that dies takes its users offline within ten seconds', async () => {
  const { world, ann } = await createWorld()
  const dying = await world.presence.lease({ id: 'x', socketUrl: '', connections: 0, capacity: 1, isReady: true })
  await world.presence.register(dying, [2], 0)
  await watch(world, ann, [2])
  await world.clock.advance(5 * seconds)
  expect(ann.pushes('presence')).toEqual([])
  await world.clock.advance(5 * seconds)
  expect(ann.pushes('presence')).toMatchObject([{ user: 2, online: false }])
})

test('while presence is away nobody goes, who was not known is left out, and all is told when it is back', async () => {
  const { world, other, ann } = await createWorld()
  await connect(world, other, 2)
  await watch(world, ann, [2])
  world.presence.goAway()
  await world.sayAway(20)
  expect(await watch(world, ann, [2, 3], 2)).toMatchObject({ op: 'ok', users: [{ id: 2, online: true }] })
  expect(ann.pushes('presence')).toEqual([])
  world.presence.comeBack()
  await world.clock.advance(distrustMs + 5 * seconds)
  expect(ann.pushes('presence')).toMatchObject([{ user: 3, online: false }])
})

test('a loss of presence takes nobody offline who is registered again', async () => {
  const { world, other, ann } = await createWorld()
  await connect(world, other, 2)
  await watch(world, ann, [2])
  world.presence.wipe()
  await world.clock.advance(30 * seconds)
  expect(ann.pushes('presence')).toEqual([])
})

test('who closed is kept nothing for', async () => {
  const { world, connector, ann } = await createWorld()
  await watch(world, ann, [2, 3])
  ann.close()
  await world.clock.settle()
  let looks = 0
  const { sightings } = world.presence
  world.presence.sightings = async (users) => {
    looks++
    return sightings(users)
  }
  await world.clock.advance(10 * seconds)
  expect(looks).toBe(0)
  expect(connector.fatal).toEqual([])
})

/** A watch of its own, over presence with one lease. */
const createWatch = async (privacy: Privacy) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const presence = createMemoryPresence({ clock, random: createSeededRandom(1), slots: 2 })
  const info = { id: 'a', socketUrl: '', connections: 0, capacity: 1, isReady: true }
  const lease = await presence.lease(info)
  const fatal: unknown[] = []
  const watching = createPresenceWatch({
    ...{ presence, clock, privacy, lastSeen: async () => new Map(), logger: silentLogger, isPresenceAway: () => false },
    onFatal: (error) => void fatal.push(error),
  })
  const frames: unknown[] = []
  const watcher: Watcher = {
    identity: { userId: 1, sessionId: 's', device: deviceOf(1) },
    tell: (frame) => void frames.push(JSON.parse(frame.toString())),
    isGone: () => false,
  }
  watching.start()
  return { clock, presence, lease, watching, watcher, frames, fatal }
}

test('who may not know of somebody sees him as one who does not exist, and is never told', async () => {
  const { clock, presence, lease, watching, watcher, frames } = await createWatch(async () => (user) => user !== 2)
  await presence.register(lease, [2, 3], 0)
  expect(await watching.watch(watcher, [2, 3])).toMatchObject({
    ok: {
      users: [
        { id: 2, online: false },
        { id: 3, online: true },
      ],
    },
  })
  await presence.unregister(lease, [2, 3])
  await clock.advance(10 * seconds)
  expect(frames).toMatchObject([{ user: 3, online: false }])
})

test('a push that cannot be told now is told after the next look', async () => {
  let fails = false
  const { clock, presence, lease, watching, watcher, frames, fatal } = await createWatch(async () => {
    if (fails) throw new Fault('read_models_unavailable', 'away')
    return () => true
  })
  await watching.watch(watcher, [2])
  fails = true
  await presence.register(lease, [2], 0)
  await clock.advance(3 * seconds)
  expect([frames, fatal]).toEqual([[], []])
  fails = false
  await clock.advance(2 * seconds)
  expect(frames).toMatchObject([{ user: 2, online: true }])
})
