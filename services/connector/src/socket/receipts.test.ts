import { Fault } from '@chat/runtime'
import { decodeReceipt, type ReceiptAdvanced } from '@chat/schemas'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld, deviceOf, type TestWorld } from '../test-world.ts'
import type { MemoryClient } from './memory-sockets.ts'

const written = async ({ log, topics }: TestWorld): Promise<readonly ReceiptAdvanced[]> => {
  const all: ReceiptAdvanced[] = []
  for (const [partition, end] of await log.ends(topics.receipts))
    for await (const records of log.read(topics.receipts, partition, 0, end, new AbortController().signal))
      for (const { headers, value, key } of records) {
        const decoded = decodeReceipt(headers.schema ?? '', value)
        if ('reason' in decoded) throw new Error(decoded.detail)
        const { conversation, user, device } = decoded.record
        expect(Buffer.from(key ?? []).toString()).toBe(`${conversation}|${user}|${device}`)
        all.push(decoded.record)
      }
  return all
}

const withMessages = async (count: number) => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  for (let i = 0; i < count; i++) await world.post(2, 'd1.2', 'hi')
  await world.clock.settle()
  return { world, connector, client }
}

test('advances of 200 ms become one record, and are answered when it is acknowledged', async () => {
  const { world, client } = await withMessages(3)
  client.send({ op: 'delivered', ref: 1, conversation: 'd1.2', seq: 2 })
  client.send({ op: 'delivered', ref: 2, conversation: 'd1.2', seq: 3 })
  client.send({ op: 'read', ref: 3, conversation: 'd1.2', seq: 1 })
  await world.clock.advance(150)
  expect(client.answers(1)).toEqual([])
  await world.clock.advance(100)
  for (const ref of [1, 2, 3]) expect(client.answers(ref)).toEqual([{ op: 'ok', ref }])
  expect(await written(world)).toMatchObject([{ deliveredSeq: 3, readSeq: 1, device: deviceOf(1) }])
})

test('a device that asks and is gone before the record is written: the cursor counts, and nobody else notices', async () => {
  const { world, connector, client } = await withMessages(3)
  const other = await connect(world, connector, 2)
  client.send({ op: 'read', ref: 1, conversation: 'd1.2', seq: 3 })
  await world.clock.settle()
  client.close()
  await world.clock.advance(250)
  expect(await written(world)).toMatchObject([{ readSeq: 3, device: deviceOf(1) }])
  expect(await ask(world, other, { op: 'ping', ref: 1 })).toMatchObject({ op: 'ok' })
})

test('a cursor never goes back, and read implies delivered', async () => {
  const { world, client } = await withMessages(3)
  const advance = async (op: string, ref: number, seq: number) => {
    client.send({ op, ref, conversation: 'd1.2', seq })
    await world.clock.advance(250)
    return client.answers(ref)
  }
  await advance('read', 1, 3)
  expect(await advance('read', 2, 1)).toMatchObject([{ op: 'ok' }])
  expect(await advance('delivered', 3, 2)).toMatchObject([{ op: 'ok' }])
  expect(await written(world)).toMatchObject([{ deliveredSeq: 3, readSeq: 3 }])
})

test('a device goes on from its stored cursor, also on another connector', async () => {
  const { world, client } = await withMessages(3)
  await world.readModels.projection.applyReceipts({
    ...{ partition: 0, from: 0, to: 1 },
    receipts: [
      {
        offset: 0,
        receipt: {
          ...{
            type: 'ReceiptAdvanced',
            conversation: 'd1.2',
            user: 1,
            device: deviceOf(1),
            deliveredSeq: 2,
            readSeq: 2,
          },
        },
      },
    ],
  })
  client.send({ op: 'delivered', ref: 1, conversation: 'd1.2', seq: 3 })
  await world.clock.advance(250)
  expect(await written(world)).toMatchObject([{ deliveredSeq: 3, readSeq: 2 }])
})

test('a seq that the user cannot see is refused, and nothing is written', async () => {
  const { world, client } = await withMessages(1)
  client.send({ op: 'read', ref: 1, conversation: 'd1.2', seq: 2 })
  client.send({ op: 'read', ref: 2, conversation: 'd2.3', seq: 1 })
  await world.clock.advance(800)
  expect([client.answers(1)[0]?.code, client.answers(2)[0]?.code]).toEqual(['no_such_message', 'not_found'])
  expect(await written(world)).toEqual([])
})

test('what was pushed and is not yet projected may be read', async () => {
  const { world, client } = await withMessages(1)
  world.flags.projects = false
  await world.post(2, 'd1.2', 'new')
  await world.clock.settle()
  client.send({ op: 'read', ref: 1, conversation: 'd1.2', seq: 2 })
  await world.clock.advance(300)
  await world.project()
  await world.clock.advance(100)
  expect(client.answers(1)).toMatchObject([{ op: 'ok' }])
})

test('the cursors of a replaced connection are written before it goes', async () => {
  const { world, connector, client } = await withMessages(1)
  client.send({ op: 'read', ref: 1, conversation: 'd1.2', seq: 1 })
  await world.clock.settle()
  await connect(world, connector, 1)
  expect(client.answers(1)).toMatchObject([{ op: 'ok' }])
  expect(client.closedWith?.code).toBe(4409)
  expect(await written(world)).toHaveLength(1)
})

test('a stop writes what was collected', async () => {
  const { world, connector, client } = await withMessages(1)
  client.send({ op: 'read', ref: 1, conversation: 'd1.2', seq: 1 })
  await world.clock.settle()
  const stopped = connector.service.stop()
  await world.clock.advance(50)
  expect(client.answers(1)).toMatchObject([{ op: 'ok' }])
  await world.clock.advance(3_000)
  await stopped
  expect(await written(world)).toHaveLength(1)
})

test('a log that is away is answered unavailable, and the cursor can be moved again', async () => {
  const { world, connector } = await createReadyWorld()
  await connector.service.stop()
  const log = world.store.client()
  const state = { fails: true }
  const second = world.connector({
    log: {
      ...log,
      append: (batch) =>
        state.fails && batch.topic.kind === 'receipts'
          ? Promise.reject(new Fault('log_unavailable', 'away'))
          : log.append(batch),
    },
  })
  await second.service.start()
  const client = await connect(world, second, 1)
  await world.post(2, 'd1.2', 'hi')
  client.send({ op: 'read', ref: 1, conversation: 'd1.2', seq: 1 })
  await world.clock.advance(300)
  expect(client.answers(1)).toMatchObject([{ code: 'unavailable' }])
  state.fails = false
  const answer = ask(world, client, { op: 'ping', ref: 2 })
  client.send({ op: 'read', ref: 3, conversation: 'd1.2', seq: 1 })
  await world.clock.advance(300)
  expect([(await answer).op, client.answers(3)[0]?.op]).toEqual(['ok', 'ok'])
})

/** A device on one connector after the other, whose cursors are moved one by one. */
const roaming = async (messages: number) => {
  const { world, connector: a } = await createReadyWorld()
  const b = world.connector()
  await b.service.start()
  await world.clock.advance(1_500)
  for (let i = 0; i < messages; i++) await world.post(2, 'd1.2', 'hi')
  let ref = 100
  const advance = async (client: MemoryClient, op: 'delivered' | 'read', seq: number) => {
    client.send({ op, ref: ++ref, conversation: 'd1.2', seq })
    await world.clock.advance(300)
    await world.projectReceipts()
    await world.clock.advance(1_000)
    return client.answers(ref)[0]
  }
  return { world, a, b, advance }
}

const lastOf = (records: readonly ReceiptAdvanced[]) => records.at(-1)

test('a device that goes to another connector and comes back never writes a lower cursor [G6] [G7]', async () => {
  const { world, a, b, advance } = await roaming(3)
  const first = await connect(world, a, 1)
  await advance(first, 'delivered', 2)
  first.close()
  await world.clock.settle()
  const second = await connect(world, b, 1)
  await advance(second, 'read', 3)
  await world.post(2, 'd1.2', 'four')
  const third = await connect(world, a, 1)
  await world.clock.settle()
  expect(second.closedWith?.code).toBe(4409)
  expect(await advance(third, 'delivered', 4)).toMatchObject({ op: 'ok' })
  // What a compacted topic keeps is the last record of the key: it holds all that was ever read.
  expect(lastOf(await written(world))).toMatchObject({ deliveredSeq: 4, readSeq: 3 })
})

test('what its last connection wrote is waited for: a projection that lies behind gives no old cursor', async () => {
  const { world, a, b } = await roaming(3)
  const first = await connect(world, a, 1)
  first.send({ op: 'read', ref: 1, conversation: 'd1.2', seq: 3 })
  await world.clock.advance(300)
  expect(first.answers(1)).toMatchObject([{ op: 'ok' }])
  const second = await connect(world, b, 1)
  await world.post(2, 'd1.2', 'four')
  second.send({ op: 'delivered', ref: 2, conversation: 'd1.2', seq: 4 })
  await world.clock.advance(300)
  expect(second.answers(2)).toEqual([])
  await world.projectReceipts()
  await world.clock.advance(50)
  expect(second.answers(2)).toMatchObject([{ op: 'ok' }])
  expect(lastOf(await written(world))).toMatchObject({ deliveredSeq: 4, readSeq: 3 })
})

test('what an earlier connection here wrote is not taken for the last word: another connector may have written since', async () => {
  const { world, a, b, advance } = await roaming(4)
  await advance(await connect(world, a, 1), 'delivered', 1)
  const second = await connect(world, b, 1)
  second.send({ op: 'read', ref: 1, conversation: 'd1.2', seq: 3 })
  await world.clock.advance(300)
  const third = await connect(world, a, 1)
  third.send({ op: 'delivered', ref: 2, conversation: 'd1.2', seq: 4 })
  await world.clock.advance(300)
  expect(third.answers(2)).toEqual([])
  await world.projectReceipts()
  await world.clock.advance(50)
  expect(third.answers(2)).toMatchObject([{ op: 'ok' }])
  expect(lastOf(await written(world))).toMatchObject({ deliveredSeq: 4, readSeq: 3 })
})

test('a projection of receipts that stands still is answered unavailable, and nothing is written', async () => {
  const { world, a, b } = await roaming(2)
  const first = await connect(world, a, 1)
  first.send({ op: 'read', ref: 1, conversation: 'd1.2', seq: 2 })
  await world.clock.advance(300)
  const second = await connect(world, b, 1)
  second.send({ op: 'delivered', ref: 2, conversation: 'd1.2', seq: 1 })
  await world.clock.advance(1_000)
  expect(second.answers(2)).toMatchObject([{ op: 'error', code: 'unavailable', retry: 'later' }])
  expect(await written(world)).toHaveLength(1)
})

test('a connection that wrote its cursor before goes on without waiting for the projection', async () => {
  const { world, a } = await roaming(2)
  const client = await connect(world, a, 1)
  for (const seq of [1, 2]) {
    client.send({ op: 'read', ref: seq, conversation: 'd1.2', seq })
    await world.clock.advance(250)
    expect(client.answers(seq)).toMatchObject([{ op: 'ok' }])
  }
  expect(lastOf(await written(world))).toMatchObject({ readSeq: 2 })
})

test('cursors moved by HTTP are told from those of the device’s socket: neither writes a lower one', async () => {
  const { world, a, b, advance } = await roaming(4)
  const client = await connect(world, a, 1)
  await advance(client, 'read', 1)
  const identity = { userId: 1, sessionId: 's1', device: deviceOf(1) }
  for (const { sockets } of [a, b]) {
    const seq = sockets === a.sockets ? 3 : 4
    const answering = sockets.api.request(identity, { op: 'read', ref: 1, conversation: 'd1.2', seq }, undefined)
    await world.clock.advance(300)
    await world.projectReceipts()
    await world.clock.advance(300)
    expect(await answering).toEqual({ ok: {} })
    await advance(client, 'delivered', 2)
    expect(lastOf(await written(world))).toMatchObject({ deliveredSeq: seq, readSeq: seq })
  }
})
