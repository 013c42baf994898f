import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld, deviceOf, pushed, type TestWorld } from '../test-world.ts'
import type { Frame } from './memory-sockets.ts'

/** Everything that a client was shown, by sync and by push, in order. */
const shown = (frames: readonly Frame[]): readonly string[] =>
  frames.flatMap((frame) => {
    const page = (frame.sync ?? frame) as {
      conversations?: readonly { id: string; events: readonly { seq: number }[] }[]
    }
    if (frame.op === 'event') return [`${frame.conversation}:${frame.seq}`]
    return (page.conversations ?? []).flatMap(({ id, events }) => events.map(({ seq }) => `${id}:${seq}`))
  })

/** Stops a method of the read models until the gate opens. */
const gated = <K extends 'sync' | 'waitFor' | 'userById'>(world: TestWorld, method: K) => {
  const gate = Promise.withResolvers<void>()
  const { [method]: original } = world.readModels
  Object.assign(world.readModels, {
    [method]: async (...args: never[]) => {
      await gate.promise
      return (original as (...args: never[]) => unknown)(...args)
    },
  })
  return gate
}

test('hello with an empty sync gives the first page, with a token only what happened since', async () => {
  const { world, connector } = await createReadyWorld()
  await world.post(2, 'd1.2', 'one')
  const first = await connect(world, connector, 1, { sync: '' })
  const { sync } = first.answers(0)[0] as { sync: { token: string } }
  expect(sync).toMatchObject({ conversations: [{ id: 'd1.2', from: 1, to: 1, unread: 1 }], hasMore: false })
  first.close()
  await world.post(2, 'd1.2', 'two')
  await world.post(3, 'd1.3', 'three')
  const again = await connect(world, connector, 1, { sync: sync.token })
  expect(shown(again.frames).toSorted()).toEqual(['d1.2:2', 'd1.3:1'])
})

test('an event appended between the registration and the sync is shown once', async () => {
  const { world, connector } = await createReadyWorld()
  await world.post(2, 'd1.2', 'before')
  const gate = gated(world, 'sync')
  const client = await connect(world, connector, 1, { sync: '' })
  expect(client.frames).toEqual([])
  await world.post(2, 'd1.2', 'meanwhile')
  await world.clock.settle()
  gate.resolve()
  await world.clock.settle()
  expect(shown(client.frames)).toEqual(['d1.2:1', 'd1.2:2'])
})

test('an event appended before the registration, but projected only after the answer, is topped up before live pushes', async () => {
  const { world, connector } = await createReadyWorld()
  await world.post(2, 'd1.2', 'old')
  world.flags.projects = false
  await world.post(2, 'd1.2', 'appended, not projected, nobody was there to be pushed to')
  const client = connector.sockets.connect()
  client.send({ op: 'hello', ref: 0, token: world.token(1), device: deviceOf(1), sync: '' })
  await world.clock.advance(600)
  expect(client.answers(0)).toMatchObject([{ op: 'ok', sync: { stale: true, conversations: [{ to: 1 }] } }])
  await world.post(2, 'd1.2', 'live')
  await world.clock.settle()
  expect(pushed(client)).toEqual([])
  await world.project()
  await world.clock.settle()
  expect(shown(client.frames)).toEqual(['d1.2:1', 'd1.2:2', 'd1.2:3'])
  expect(client.pushes('resync')).toEqual([])
})

test('pushes that had to be held for longer than two seconds are dropped for a resync', async () => {
  const { world, connector } = await createReadyWorld()
  world.flags.projects = false
  await world.post(2, 'd1.2', 'one')
  const client = connector.sockets.connect()
  client.send({ op: 'hello', ref: 0, token: world.token(1), device: deviceOf(1), sync: '' })
  await world.clock.advance(1_000)
  await world.post(2, 'd1.2', 'two')
  await world.clock.advance(2_000)
  expect({ pushed: pushed(client), resyncs: client.pushes('resync').length }).toEqual({ pushed: [], resyncs: 1 })
  await world.post(2, 'd1.2', 'three')
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:3'])
})

test('a sync on a live connection holds pushes back and shows each event once', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  await world.post(2, 'd1.2', 'pushed before')
  await world.clock.settle()
  const gate = gated(world, 'sync')
  client.send({ op: 'sync', ref: 1, known: { 'd1.2': 1 } })
  client.send({ op: 'sync', ref: 2, known: { 'd1.2': 1 } })
  await world.clock.settle()
  await world.post(2, 'd1.2', 'meanwhile')
  await world.post(2, 'd1.2', 'meanwhile too')
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:1'])
  gate.resolve()
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:1'])
  expect([client.answers(1).length, client.answers(2).length]).toEqual([1, 1])
  await world.post(2, 'd1.2', 'after')
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:1', 'd1.2:4'])
})

test('a first page of a walk that came too early ends in a resync, because no later page makes up for it', async () => {
  const { world, connector } = await createReadyWorld()
  for (let id = 100; id < 160; id++) await world.post(id, `d1.${id}`, 'hi')
  world.flags.projects = false
  await world.post(2, 'd1.2', 'late')
  const client = connector.sockets.connect()
  client.send({ op: 'hello', ref: 0, token: world.token(1), device: deviceOf(1), sync: '' })
  await world.clock.advance(600)
  expect(client.answers(0)).toMatchObject([{ sync: { stale: true, hasMore: true } }])
  expect(client.pushes('resync')).toHaveLength(1)
})

test('the watermark is asked for after presence acknowledged the registration', async () => {
  const { world, connector } = await createReadyWorld()
  const order: string[] = []
  await connector.service.stop()
  const register = async (...args: Parameters<typeof world.presence.register>) => {
    await Promise.resolve()
    const number = await world.presence.register(...args)
    order.push('registered')
    return number
  }
  const log = world.store.client()
  const ends = async (...args: Parameters<typeof log.ends>) => {
    if (args[0].kind === 'events') order.push('watermark')
    return log.ends(...args)
  }
  const second = world.connector({ presence: { ...world.presence, register }, log: { ...log, ends } })
  await second.service.start()
  order.length = 0 // A start asks for the ends of the log too, before anybody is here.
  await connect(world, second, 1, { sync: '' })
  expect(order).toEqual(['registered', 'watermark', 'watermark']) // For his large groups, and for his sync.
})

test('a sync that cannot be read is answered unavailable, and pushes go on', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  const { sync } = world.readModels
  Object.assign(world.readModels, { sync: () => Promise.reject(new Fault('read_models_unavailable', 'away')) })
  expect(await ask(world, client, { op: 'sync' })).toMatchObject({ op: 'error', code: 'unavailable' })
  await world.post(2, 'd1.2', 'hi')
  await world.clock.settle()
  expect(pushed(client)).toEqual(['d1.2:1'])
  Object.assign(world.readModels, { sync })
  expect(await ask(world, client, { op: 'sync', ref: 2 })).toMatchObject({ op: 'ok' })
})
