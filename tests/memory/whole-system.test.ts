import { createMemoryAttempts } from '@chat/attempts/memory'
import { createConnector } from '@chat/connector'
import { createMemorySockets, type MemoryClient } from '@chat/connector/memory-sockets'
import { createMemoryCredentials, createPlainHasher } from '@chat/credentials/memory'
import { createMemoryStore } from '@chat/event-log/memory'
import { createMemoryPresence } from '@chat/presence/memory'
import { createProjector } from '@chat/projector'
import { createMemoryReadModels } from '@chat/read-models/memory'
import { createRouter } from '@chat/router'
import { createHealth, createMetrics, silentLogger, uuidV7 } from '@chat/runtime'
import { allTopics, createEncoder, createTopics, localSchemaIds } from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'

/** Connectors, router and projector, unchanged, on memory twins under one fake clock. */
const startWorld = async (connectors: number) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const random = createSeededRandom(1)
  const topics = createTopics({ prefix: 'm.', partitions: 4, slots: 4 })
  const store = createMemoryStore({ clock })
  const presence = createMemoryPresence({ clock, random, slots: 4 })
  const readModels = createMemoryReadModels({ clock, random })
  const credentials = createMemoryCredentials({ random })
  const failures: unknown[] = []
  const portsOf = (name: string) => ({
    log: store.client(name),
    topics,
    encoder: createEncoder(localSchemaIds),
    presence,
    readModels,
    projection: readModels.projection,
    credentials,
    hasher: createPlainHasher(),
    attempts: createMemoryAttempts({ clock }),
    clock,
    random,
    logger: silentLogger,
    health: createHealth(),
    metrics: createMetrics({ withProcess: 'bare' }),
    onFatal: (error: unknown) => void failures.push(error),
  })
  await portsOf('init').log.ensureTopics(allTopics(topics), { replicas: 1 })
  const world = { logPrefix: 'm.', partitions: 4, slots: 4, firstId: 1, snapshotEvents: 50_000 }
  const router = createRouter(world, portsOf('router'))
  const projector = createProjector(world, portsOf('projector'))
  const sides = Array.from({ length: connectors }, (_, index) => {
    const sockets = createMemorySockets()
    const settings = {
      connectorId: `c${index}`,
      publicUrl: `http://c${index}`,
      capacity: 100,
      drainSpreadMs: 0,
      limits: 'off' as const,
      tokenKeys: [new Uint8Array(32).fill(7)] as const,
    }
    return { sockets, connector: createConnector(settings, { ...portsOf(`c${index}`), sockets }) }
  })
  const services = [router, projector, ...sides.map((side) => side.connector)]
  let isUp = false
  const starting = Promise.all(services.map((service) => service.start())).then(() => {
    isUp = true
  })
  await clock.runUntil(() => isUp, 10_000)
  await starting
  /** Runs the whole system until the promise is settled. */
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let isSettled = false
    const settle = () => {
      isSettled = true
    }
    work.then(settle, settle)
    await clock.runUntil(() => isSettled, 60_000)
    return work
  }
  const until = (condition: () => boolean) => clock.runUntil(condition, 60_000)
  const stop = () => run(Promise.all(services.toReversed().map((service) => service.stop())))
  return { clock, random, sockets: sides.map((side) => side.sockets), run, until, stop, failures }
}

type World = Awaited<ReturnType<typeof startWorld>>

const sideOf = (world: World, connector: number) => {
  const side = world.sockets[connector]
  if (side === undefined) throw new Error(`no connector ${connector}`)
  return side
}

const register = (world: World, name: string, connector: number) =>
  world.run(sideOf(world, connector).api.register({ name, password: 'correct horse' }, '127.0.0.1'))

const enter = async (
  world: World,
  name: string,
  connector: number,
  device = uuidV7(world.clock.now(), world.random),
) => {
  const { run, until } = world
  const side = sideOf(world, connector)
  const credentials = { name, password: 'correct horse' }
  const answer = await run(side.api.logIn({ ...credentials, device }, '127.0.0.1'))
  if (!('ok' in answer)) throw new Error(answer.message)
  const { accessToken: token, user } = answer.ok as { accessToken: string; user: { id: number } }
  const client = side.connect()
  client.send({ op: 'hello', ref: 0, token, device })
  await until(() => client.answers(0).length > 0)
  return { client, device, userId: user.id }
}

const join = async (world: World, name: string, connector: number) => {
  await register(world, name, connector)
  return enter(world, name, connector)
}

const ask = async (world: World, client: MemoryClient, frame: { readonly ref: number } & Record<string, unknown>) => {
  client.send(frame)
  await world.until(() => client.answers(frame.ref).length > 0)
  const [answer] = client.answers(frame.ref)
  return answer ?? {}
}

const say = (world: World, ref: number, to: object, text: string) => ({
  op: 'send',
  ref,
  to,
  clientMsgId: uuidV7(world.clock.now() + ref, world.random),
  body: { kind: 'text', text },
})

test('a whole conversation: register, talk in a group and 1:1 across connectors, leave, come back and sync', async () => {
  const world = await startWorld(2)
  const ann = await join(world, 'Ann', 0)
  const bob = await join(world, 'Bob', 1)
  const group = await ask(world, ann.client, {
    op: 'group.create',
    ref: 1,
    title: 'lunch',
    visibility: 'private',
    members: [bob.userId],
  })
  const conversation = String(group.conversation)
  const first = await ask(world, ann.client, say(world, 2, { conversation }, 'soup?'))
  expect(first).toMatchObject({ op: 'ok', conversation, seq: 2 })
  await world.until(() => bob.client.pushes('event').length === 2)
  expect(bob.client.pushes('event').map((event) => [event.type, event.seq])).toEqual([
    ['groupCreated', 1],
    ['messagePosted', 2],
  ])
  const direct = await ask(world, bob.client, say(world, 3, { user: ann.userId }, 'yes'))
  expect(direct).toMatchObject({ op: 'ok', seq: 1 })
  await world.until(() => ann.client.pushes('event').some((event) => event.conversation === direct.conversation))

  const synced = await ask(world, bob.client, { op: 'sync', ref: 4 })
  bob.client.close()
  await ask(world, ann.client, say(world, 5, { conversation }, 'at noon'))
  await ask(world, ann.client, { op: 'group.leave', ref: 6, conversation }).then((answer) =>
    expect(answer, 'an owner with members left cannot leave').toMatchObject({ op: 'error', code: 'forbidden' }),
  )
  const back = await enter(world, 'Bob', 0, bob.device)
  const missed = await ask(world, back.client, { op: 'sync', ref: 1, token: synced.token })
  expect(missed).toMatchObject({ op: 'ok', hasMore: false })
  const [missedGroup] = missed.conversations as { id: string; events: { seq: number; data: object }[] }[]
  expect(missedGroup?.id).toBe(conversation)
  expect(missedGroup?.events.map((event) => event.seq)).toEqual([3])
  expect(missedGroup?.events[0]?.data).toMatchObject({ body: { kind: 'text', text: 'at noon' } })
  const left = await ask(world, back.client, { op: 'group.leave', ref: 2, conversation })
  expect(left).toMatchObject({ op: 'ok', seq: 4 })
  await world.stop()
  expect(world.failures).toEqual([])
})

test('a repeated send is answered with the same seq and seen once', async () => {
  const world = await startWorld(2)
  const ann = await join(world, 'Ann', 0)
  const bob = await join(world, 'Bob', 1)
  const frame = say(world, 1, { user: bob.userId }, 'once')
  const first = await ask(world, ann.client, frame)
  const second = await ask(world, ann.client, { ...frame, ref: 2 })
  expect(second).toMatchObject({ op: 'ok', seq: first.seq, position: first.position, duplicate: true })
  await world.until(() => bob.client.pushes('event').length > 0)
  await world.clock.advance(5_000)
  expect(bob.client.pushes('event')).toHaveLength(1)
  await world.stop()
})
