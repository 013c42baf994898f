import { noDevice } from '@chat/connector/no-device'
import type { CommandDraft } from '@chat/connector/ports'
import { type AppendFaults, createMemoryStore } from '@chat/event-log/memory'
import { createEncoder, createTopics, decodeCommand, type LogEvent, localSchemaIds } from '@chat/schemas'
import { createFakeClock, createSeededRandom, groupCreated, messageId, messagePosted } from '@chat/testkit'
import { expect, test } from 'vitest'
import { decisionTimeoutMs, openCommandsOnLog } from './commands-on-log.ts'

/** A log with one partition, and a router of which the test says what it writes. `answersAfterMs`: how late the log says where a command is. */
const setUp = async ({ answersAfterMs = 0 } = {}) => {
  const clock = createFakeClock(Date.UTC(2027, 0, 1))
  const topics = createTopics({ prefix: 'commands.', partitions: 1, slots: 1 })
  const faults: AppendFaults = ({ topic }) => (topic === topics.commands ? { answersAfterMs } : undefined)
  const store = createMemoryStore({ clock, faults })
  const log = store.client()
  const encoder = createEncoder(localSchemaIds)
  const write = async (event: LogEvent, cmd: number) => {
    const pos = (await log.ends(topics.events)).get(0) ?? 0
    const { schema, value } = encoder.encode(event)
    const headers = { type: event.type, schema, pos: String(pos), cmd: String(cmd) }
    await log.append({ topic: topics.events, partition: 0, records: [{ key: null, value, headers }] })
    await clock.settle()
  }
  const refuse = (...cmds: readonly number[]) =>
    write(
      { type: 'CommandsRejected', at: 0, rejections: cmds.map((cmd) => ({ cmd, code: 'not_member', refused: null })) },
      cmds.at(-1) ?? 0,
    )
  const written = async () => {
    const end = (await log.ends(topics.commands)).get(0) ?? 0
    const found: unknown[] = []
    for await (const records of log.read(topics.commands, 0, 0, end, new AbortController().signal))
      for (const { headers, value } of records) found.push(decodeCommand(headers.schema ?? '', value))
    return found
  }
  await write(groupCreated(1, 1), 0) // Before these.
  const commands = await openCommandsOnLog({ log, topics, encoder, clock, random: createSeededRandom(1) })
  const cut = () => store.truncate(topics.events, 0, 0)
  return { clock, commands, write, refuse, written, cut }
}

const post = (n: number): CommandDraft => ({
  ...{ type: 'PostMessage', conversation: 'g1', actor: 1, device: noDevice, clientMsgId: messageId(n), after: null },
  ...{ body: Buffer.from('{}'), keyId: null, replyTo: null, mentions: [] },
})

test('many are under way at once, get there in order, and each hears of its own', async () => {
  const { clock, commands, write, refuse, written } = await setUp()
  const decided = [1, 2, 3].map((n) => commands.submit(post(n)))
  await clock.settle()
  expect(await written()).toMatchObject([1, 2, 3].map((n) => ({ record: { clientMsgId: messageId(n) } })))
  await write(messagePosted(1, 'g1', 2), 2)
  await refuse(0, 1)
  expect(await Promise.all(decided)).toEqual([
    { outcome: 'refused', code: 'not_member' },
    { outcome: 'refused', code: 'not_member' },
    { outcome: 'accepted', event: expect.objectContaining({ type: 'MessagePosted', seq: 2 }), partition: 0, pos: 1 },
  ])
  await commands.stop()
})

test('of a command that leaves no trace it is known that it was there before, by the mark behind it', async () => {
  const { clock, commands, write, refuse, written } = await setUp()
  const outcomes: unknown[] = []
  for (const n of [1, 2, 3]) void commands.submit(post(n), 'mayRepeat').then((outcome) => outcomes.push(outcome))
  await clock.settle()
  expect(await written()).toMatchObject(
    ['PostMessage', 'ImportUser', 'PostMessage', 'ImportUser', 'PostMessage', 'ImportUser'].map((type) => ({
      record: { type },
    })),
  )
  await write(messagePosted(1, 'g1', 2), 2)
  expect(outcomes).toMatchObject([{ outcome: 'accepted' }])
  await refuse(1)
  expect(outcomes.slice(1)).toEqual([{ outcome: 'repeated' }])
  await refuse(3, 4, 5)
  expect(outcomes.slice(2)).toEqual([{ outcome: 'refused', code: 'not_member' }])
  await commands.stop()
})

test('what is decided before the log has said where the command is, is heard all the same', async () => {
  const { clock, commands, write } = await setUp({ answersAfterMs: 50 })
  const decided = commands.submit(post(1))
  await clock.settle()
  await write(messagePosted(1, 'g1', 2), 0)
  await clock.advance(50)
  expect(await decided).toMatchObject({ outcome: 'accepted', pos: 1 })
  await commands.stop()
})

test('where no router decides it is said so in the end', async () => {
  const { clock, commands } = await setUp()
  const decided = commands.submit(post(1)).catch((error) => error)
  await clock.settle()
  await clock.advance(decisionTimeoutMs)
  expect(await decided).toMatchObject({ code: 'timeout' })
  await commands.stop()
})

test('once the events cannot be read on, nothing more is put on the log', async () => {
  const { clock, commands, written, cut } = await setUp()
  const decided = commands.submit(post(1)).catch((error) => error)
  await clock.settle()
  cut()
  await clock.advance(1_000)
  expect(await decided).toMatchObject({ code: 'log_cut' })
  await expect(commands.submit(post(2))).rejects.toMatchObject({ code: 'log_cut' })
  expect(await written()).toHaveLength(1)
  await commands.stop()
})

test('what is stopped before it was decided is given up, and so is what comes after', async () => {
  const { clock, commands, written } = await setUp()
  const decided = commands.submit(post(1)).catch((error) => error)
  await clock.settle()
  await commands.stop()
  expect(await decided).toMatchObject({ code: 'stopping' })
  await expect(commands.submit(post(2))).rejects.toMatchObject({ code: 'stopping' })
  expect(await written()).toHaveLength(1)
})
