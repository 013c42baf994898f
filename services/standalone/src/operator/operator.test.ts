import { createMemoryStore } from '@chat/event-log/memory'
import { createMemoryReadModels } from '@chat/read-models/memory'
import { createEncoder, createTopics, decodeCommand, type LogEvent, localSchemaIds } from '@chat/schemas'
import { createFakeClock, createSeededRandom, operatorGranted } from '@chat/testkit'
import { createStory } from '@chat/testkit/contracts/read-models-story'
import { expect, test } from 'vitest'
import { decisionTimeoutMs } from '../commands-on-log.ts'
import { parseOperatorArgs } from './arguments.ts'
import { changeOnLog } from './command-on-log.ts'
import { answerOperatorRequest } from './operators.ts'

/** A log with one partition, and a router of which the test says what it writes. */
const setUp = () => {
  const clock = createFakeClock(Date.UTC(2027, 0, 1))
  const log = createMemoryStore({ clock }).client()
  const topics = createTopics({ prefix: 'operator.', partitions: 1, slots: 1 })
  const encoder = createEncoder(localSchemaIds)
  const write = async (event: LogEvent, cmd: number, isStamped = true) => {
    const pos = (await log.ends(topics.events)).get(0) ?? 0
    const { schema, value } = encoder.encode(event)
    const headers = { type: event.type, schema, pos: String(isStamped ? pos : pos + 1), cmd: String(cmd) }
    await log.append({ topic: topics.events, partition: 0, records: [{ key: null, value, headers }] })
  }
  const commands = async () => {
    const found = []
    for await (const records of log.read(topics.commands, 0, 0, 1, new AbortController().signal))
      for (const { headers, value } of records) found.push(decodeCommand(headers.schema ?? '', value))
    return found
  }
  const ports = { log, topics, encoder, clock, random: createSeededRandom(1) }
  return {
    clock,
    write,
    commands,
    change: (kind: 'grant' | 'revoke', name = 'Ann') => changeOnLog({ kind, name, by: 'root@here' }, ports),
  }
}

test('a grant is a command on the log, and done when a router has written what came of it', async () => {
  const { clock, write, commands, change } = setUp()
  await write(operatorGranted(8), 0) // Of an earlier command, before this one.
  const changing = change('grant')
  await clock.settle()
  expect(await commands()).toMatchObject([
    { record: { type: 'GrantOperator', normalisedName: 'ann', by: 'root@here', actor: 0, replySlot: -1 } },
  ])
  await write(operatorGranted(9), 0, false)
  await write(operatorGranted(5), 77)
  await write(operatorGranted(3), 0)
  await clock.settle()
  expect(await changing).toEqual({ outcome: 'done', userId: 3 })
})

test('a refusal is told with its code', async () => {
  const { clock, write, change } = setUp()
  const changing = change('revoke')
  await clock.settle()
  const other = { cmd: 5, code: 'forbidden', refused: null }
  const rejections = [other, { cmd: 0, code: 'no_such_user', refused: null }]
  await write({ type: 'CommandsRejected', at: 0, rejections }, 5)
  await clock.settle()
  expect(await changing).toEqual({ outcome: 'refused', code: 'no_such_user' })
})

test('where no router decides it is said so in the end', async () => {
  const { clock, change } = setUp()
  const changing = change('grant').catch((error) => error)
  await clock.settle()
  await clock.advance(decisionTimeoutMs)
  expect(await changing).toMatchObject({ code: 'timeout' })
})

test.each([[], ['grant'], ['grant', 'ann', 'bob'], ['list', 'ann'], ['promote', 'ann'], ['grant', '']])(
  'how it is called is told to whoever calls it with %j',
  (...args) => {
    expect(() => parseOperatorArgs(args)).toThrow()
  },
)

test('people are told what came of it', async () => {
  const readModels = createMemoryReadModels({ clock: createFakeClock(0), random: createSeededRandom(1) })
  const desk = (outcome: Awaited<ReturnType<typeof changeOnLog>>) => ({ readModels, change: async () => outcome })
  const ask = (args: readonly string[], outcome: Awaited<ReturnType<typeof changeOnLog>>) =>
    answerOperatorRequest(parseOperatorArgs(args), 'root@here', desk(outcome))
  const done = { outcome: 'done', userId: 1 } as const
  expect(await ask(['grant', 'ann'], done)).toEqual({ isDone: true, lines: ['ann (id 1) is an operator now'] })
  expect(await ask(['revoke', 'ann'], done)).toEqual({ isDone: true, lines: ['ann (id 1) is no operator now'] })
  const nobody = { outcome: 'refused', code: 'no_such_user' } as const
  expect(await ask(['grant', 'eve'], nobody)).toEqual({ isDone: false, lines: ['nobody is called eve'] })
  expect((await ask(['list'], done)).lines).toEqual(['nobody is an operator'])
  const story = createStory(1)
  story.register(1, 'ann')
  story.raw(0, operatorGranted(1, { at: 0 }))
  await story.applyTo(readModels.projection)
  expect((await ask(['list'], done)).lines).toEqual(['ann (id 1) since 1970-01-01T00:00:00.000Z'])
})
