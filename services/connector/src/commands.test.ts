import { createMemoryStore } from '@chat/event-log/memory'
import { createMetrics } from '@chat/runtime'
import { createEncoder, createTopics, decodeCommand, partitionOf, type Reply, type SchemaIds } from '@chat/schemas'
import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createCommandLane } from './commands.ts'
import type { CommandDraft } from './ports.ts'

const topics = createTopics({ prefix: 't.', partitions: 4, slots: 2 })
const encoder = createEncoder(new Proxy({}, { get: () => 1 }) as SchemaIds)
const lease = { slot: 1, epoch: 77, generation: 'g' }

const leave = (conversation: string): CommandDraft => ({
  type: 'LeaveGroup',
  conversation,
  actor: 5,
  device: 'dev',
  clientMsgId: 'id',
})

const accepted = (request: number): Reply => ({
  request,
  outcome: 'accepted',
  code: '',
  conversation: 'g2',
  seq: 3,
  pos: 9,
  at: 1000,
  id: null,
})

const createLane = (options: { readonly lease?: typeof lease | undefined } = { lease }) => {
  const clock = createFakeClock(0)
  const store = createMemoryStore({ clock })
  const log = store.client()
  const metrics = createMetrics({ withProcess: 'bare' })
  const lane = createCommandLane({ log, topics, encoder, clock, metrics, lease: () => options.lease })
  lane.start()
  const sent = async (partition: number) => {
    const records: unknown[] = []
    const end = (await log.ends(topics.commands)).get(partition) ?? 0
    for await (const batch of log.read(topics.commands, partition, 0, end, new AbortController().signal))
      for (const { headers, value } of batch) records.push(decodeCommand(headers.schema ?? '', value))
    return records
  }
  return { clock, log, lane, sent }
}

test('a command goes to the partition of its conversation with the address of its reply', async () => {
  const { lane, sent, clock } = createLane()
  const outcome = lane.submit(leave('g2'))
  await clock.settle()
  expect(await sent(1)).toMatchObject([{ record: { type: 'LeaveGroup', replySlot: 1, replyEpoch: 77, request: 1 } }])
  lane.complete(accepted(1), 1)
  expect(await outcome).toEqual({
    outcome: 'accepted',
    conversation: 'g2',
    seq: 3,
    partition: 1,
    pos: 9,
    at: 1000,
    id: null,
  })
})

test('a refusal is a value, also with a code of a newer router', async () => {
  const { lane } = createLane()
  const known = lane.submit(leave('g2'))
  const unknown = lane.submit(leave('g2'))
  const rejected = { outcome: 'rejected', conversation: null, seq: null, pos: null, at: null }
  lane.complete({ ...accepted(1), ...rejected, code: 'not_member' }, 1)
  lane.complete({ ...accepted(2), ...rejected, code: 'of_tomorrow' }, 1)
  expect(await known).toEqual({ outcome: 'rejected', code: 'not_member' })
  expect(await unknown).toEqual({ outcome: 'rejected', code: 'internal' })
})

test('no reply within 30 seconds is a timeout, and a reply after that is nobody’s', async () => {
  const { lane, clock } = createLane()
  const outcome = lane.submit(leave('g2')).catch((error) => error)
  await clock.advance(29_000)
  lane.complete(accepted(99), 1)
  await clock.advance(2_000)
  expect(await outcome).toMatchObject({ code: 'timeout' })
  lane.complete(accepted(1), 1)
})

test('a failed append rejects with its fault', async () => {
  const { lane, log, clock } = createLane()
  await log.close()
  const outcome = lane.submit(leave('g2')).catch((error) => error)
  await clock.settle()
  expect(await outcome).toMatchObject({ name: 'Fault' })
})

test('without a lease, after the lease ended, and when stopped nothing is left waiting', async () => {
  expect(
    await createLane({ lease: undefined })
      .lane.submit(leave('g2'))
      .catch((error) => error),
  ).toMatchObject({
    code: 'unavailable',
  })
  const { lane } = createLane()
  const pending = lane.submit(leave('g2')).catch((error) => error)
  lane.abandon('the lease ended', lease)
  expect(await pending).toMatchObject({ code: 'unavailable' })
  const last = lane.submit(leave('g2')).catch((error) => error)
  lane.stop()
  expect(await last).toMatchObject({ code: 'unavailable' })
  expect(await lane.submit(leave('g2')).catch((error) => error)).toMatchObject({ code: 'unavailable' })
})

test('what was sent under another lease goes on waiting when one ended', async () => {
  const options = { lease }
  const { lane } = createLane(options)
  const early = lane.submit(leave('g2')).catch((error) => error)
  options.lease = { ...lease, epoch: 78 }
  const late = lane.submit(leave('g2'))
  lane.abandon('the lease ended', lease)
  expect(await early).toMatchObject({ code: 'unavailable' })
  lane.complete(accepted(2), 1)
  expect(await late).toMatchObject({ outcome: 'accepted' })
})

test('an account goes to the partition of its name', async () => {
  const { lane, log, clock } = createLane()
  const account: CommandDraft = {
    type: 'RegisterUser',
    device: 'dev',
    clientMsgId: 'id',
    name: 'Ann',
    normalisedName: 'ann',
    registrationId: 'r',
    displayName: Buffer.from('Ann'),
    keyId: null,
  }
  void lane.submit(account).catch(() => {})
  await clock.settle()
  const ends = await log.ends(topics.commands)
  expect([...ends].filter(([, end]) => end > 0)).toEqual([[partitionOf('ann', 4), 1]])
})
