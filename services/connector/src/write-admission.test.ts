import { createMetrics, sleep } from '@chat/runtime'
import { createTopics } from '@chat/schemas'
import { unansweredWritesMax } from '@chat/schemas/protocol'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { CommandDraft, Commands } from './ports.ts'
import type { MemoryClient } from './socket/memory-sockets.ts'
import { connect, createReadyWorld, deviceOf } from './test-world.ts'
import { createWriteAdmission, retryFirstMs, retryLastMs } from './write-admission.ts'
import { firstLimit, pendingFloor, targetMs, windowRepliesMin } from './write-limit.ts'

const hi = { kind: 'text', text: 'hi' }

/** A world whose router sleeps, with as many writes waiting as may. */
const createFullWorld = async () => {
  const metrics = createMetrics({ withProcess: 'bare' })
  const { world, connector } = await createReadyWorld({ metrics })
  world.flags.routes = false
  const send = (client: MemoryClient, ref: number, user = 2) => {
    const clientMsgId = world.newId()
    client.send({ op: 'send', ref, to: { user }, clientMsgId, body: hi })
    return clientMsgId
  }
  for (let device = 0; device < pendingFloor / unansweredWritesMax; device++) {
    const client = await connect(world, connector, 1, { device: 100 + device })
    for (let ref = 1; ref <= unansweredWritesMax; ref++) send(client, ref)
  }
  await world.clock.settle()
  return { world, connector, metrics, send }
}

test('a write beyond those that may wait is refused at once, with a time to come back; another conversation has room', async () => {
  const { world, connector, send, metrics } = await createFullWorld()
  const ann = await connect(world, connector, 1)
  send(ann, 1)
  send(ann, 2, 3)
  await world.clock.settle()
  expect(ann.answers(1)).toMatchObject([{ op: 'error', code: 'unavailable', retry: 'later' }])
  const retryAfterMs = Number(ann.answers(1)[0]?.retryAfterMs)
  expect(retryAfterMs).toBeGreaterThanOrEqual(retryFirstMs)
  expect(retryAfterMs).toBeLessThanOrEqual(retryLastMs)
  expect(ann.answers(2)).toEqual([])
  await world.clock.advance(1000)
  const { body } = await metrics.expose()
  expect(body).toContain('chat_connector_writes_refused_total 1\n')
  expect(body).toContain(`chat_connector_pending_writes ${pendingFloor + 1}\n`)
  expect(body).toMatch(/chat_connector_write_limit\{partition="\d"\} 48\n/)
})

test('reads are answered while writes are refused', async () => {
  const { world, connector } = await createFullWorld()
  const ann = await connect(world, connector, 1)
  ann.send({ op: 'conversations', ref: 1 })
  ann.send({ op: 'ping', ref: 2 })
  await world.clock.settle()
  expect([...ann.answers(1), ...ann.answers(2)]).toMatchObject([{ op: 'ok' }, { op: 'ok' }])
})

test('by HTTP it is refused in the same way, without waiting', async () => {
  const { world, connector } = await createFullWorld()
  const identity = { userId: 1, sessionId: 's1', device: deviceOf(1) }
  const frame = { op: 'send', ref: 1, to: { user: 2 }, clientMsgId: world.newId(), body: hi }
  expect(await connector.sockets.api.request(identity, frame, undefined)).toMatchObject({
    ...{ error: 'unavailable', retryAfterMs: expect.any(Number) },
  })
})

test('when the router answers again, what was refused is taken, and what came behind it only then', async () => {
  const { world, connector, send } = await createFullWorld()
  const ann = await connect(world, connector, 1)
  const clientMsgId = send(ann, 1)
  await world.clock.settle()
  await world.routeAll()
  await world.clock.settle()
  send(ann, 2)
  await world.clock.settle()
  expect(ann.answers(2)).toMatchObject([{ code: 'unavailable', retryAfterMs: expect.any(Number) }])
  ann.send({ op: 'send', ref: 3, to: { user: 2 }, clientMsgId, body: hi })
  await world.clock.settle()
  expect(ann.answers(3)).toMatchObject([{ op: 'ok', seq: pendingFloor + 1 }])
})

test('what comes behind a write to somebody the read models do not know yet waits until that one came again', async () => {
  const { world, connector } = await createReadyWorld()
  const ann = await connect(world, connector, 1)
  Object.assign(world.readModels, { waitFor: async () => false })
  const send = (ref: number, clientMsgId: string) => {
    ann.send({ op: 'send', ref, to: { user: 9 }, clientMsgId, body: hi })
    return world.clock.settle()
  }
  const [first, second] = [world.newId(), world.newId()]
  await send(1, first)
  expect(ann.answers(1)).toMatchObject([{ code: 'unavailable', retryAfterMs: 1000 }])
  await world.addUser(9)
  await send(2, second)
  await send(3, first)
  await send(4, second)
  expect([...ann.answers(2), ...ann.answers(3), ...ann.answers(4)]).toMatchObject([
    { code: 'unavailable', retryAfterMs: 1000 },
    { op: 'ok', seq: 1 },
    { op: 'ok', seq: 2 },
  ])
})

test('for how long frames wait to be taken is part of every reply: replies that are fast by themselves then lower the limit', async () => {
  const replyMs = 100
  const who = { conversation: 'd1.2', actor: 1, device: deviceOf(1), clientMsgId: deviceOf(2) }
  const draft: CommandDraft = { type: 'BlockUser', ...who }
  const limitWhileFramesWait = async (waitedMs: number) => {
    const clock = createFakeClock(0)
    const metrics = createMetrics({ withProcess: 'bare' })
    const submit: Commands['submit'] = async () => {
      await sleep(clock, replyMs)
      return { outcome: 'rejected', code: 'not_member' }
    }
    const topics = createTopics({ prefix: 't.', partitions: 1, slots: 1 })
    const ports = { topics, clock, random: createSeededRandom(1), metrics, turns: { waitedMs: () => waitedMs } }
    const admission = createWriteAdmission({ ...ports, commands: { submit } })
    for (let write = 0; write < windowRepliesMin; write++) void admission.submit(draft)
    await clock.advance(replyMs)
    admission.publish()
    const { body } = await metrics.expose()
    return Number(/chat_connector_write_limit\{partition="0"\} (\d+)/.exec(body)?.[1])
  }
  expect(await limitWhileFramesWait(0)).toBe(firstLimit)
  expect(await limitWhileFramesWait(2 * targetMs)).toBeLessThan(firstLimit)
})
