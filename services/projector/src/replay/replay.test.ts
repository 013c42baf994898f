import { Fault } from '@chat/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Told } from './read.ts'
import { exitCodeOfReport, replay, sentenceOf } from './replay.ts'
import { parseReplayArgs, type ReplayRequest } from './request.ts'
import { readLeft } from './resume.ts'
import { createReplayLog, type Kind, left, message, partitions, startMs } from './test-log.ts'

type World = ReturnType<typeof createReplayLog>

const none: ReadonlyMap<number, Told> = new Map()
const never = new AbortController().signal

const requestOf = (...args: string[]): ReplayRequest => parseReplayArgs(['--json', ...args], partitions)

/** Runs a replay into a text. */
const run = async (world: World, request: ReplayRequest, told = none) => {
  const { log, topics, clock } = world
  const [texts, said]: [string[], string[]] = [[], []]
  const sink = { write: async (text: string) => void texts.push(text), end: async () => {} }
  const view = { show: () => {}, say: (line: string) => void said.push(line) }
  const report = await replay({ log, topics, clock, sink, view }, request, told, never)
  return { text: texts.join(''), said, report }
}

const placesOf = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => {
    if (line === '') return []
    const { partition, pos } = JSON.parse(line)
    return [`${partition}:${pos}`]
  })

const placesFor = async (world: World, ...args: string[]) => placesOf((await run(world, requestOf(...args))).text)

test('events are told partition after partition in order, without records that stand elsewhere than their writer believed', async () => {
  const world = createReplayLog()
  await world.put(1, message('g2', 0))
  await world.put(0, message('g1', 1))
  await world.put(0, message('g1', 2), 'astray')
  await world.put(0, message('g1', 2))
  const { text, report } = await run(world, requestOf())
  expect(placesOf(text)).toEqual(['0:0', '0:2', '1:0'])
  expect(report).toEqual({ end: 'complete', events: 3, records: 4, invalid: 1, troubles: 0 })
  expect(exitCodeOfReport(report)).toBe(0)
  expect(sentenceOf(report)).toBe('done: 3 events of 4 records, 1 of them invalid')
})

test('offsets, times, types, conversations and partitions choose', async () => {
  const world = createReplayLog()
  for (let seconds = 0; seconds < 4; seconds++) await world.put(0, message(seconds % 2 === 0 ? 'g1' : 'g3', seconds))
  await world.put(0, left('g1', 4))
  await world.put(1, message('g2', 5))
  const at = (seconds: number) => new Date(startMs + seconds * 1000).toISOString()
  expect(await placesFor(world, '--from', '2')).toEqual(['0:2', '0:3', '0:4'])
  expect(await placesFor(world, '--from', '1', '--to', '3')).toEqual(['0:1', '0:2'])
  expect(await placesFor(world, '--to', '1')).toEqual(['0:0', '1:0'])
  expect(await placesFor(world, '--from', '99')).toEqual([])
  expect(await placesFor(world, '--from', at(3))).toEqual(['0:3', '0:4', '1:0'])
  expect(await placesFor(world, '--from', at(1), '--to', at(3))).toEqual(['0:1', '0:2'])
  expect(await placesFor(world, '--types', 'MemberLeft')).toEqual(['0:4'])
  expect(await placesFor(world, '--types', 'MemberLeft, MessagePosted', '--from', '4')).toEqual(['0:4'])
  expect(await placesFor(world, '--conversation', 'g3')).toEqual(['0:1', '0:3'])
  expect(await placesFor(world, '--partition', '1')).toEqual(['1:0'])
})

test('a valid event that cannot be decoded is told with its place, passed and counted, as far as its type is meant', async () => {
  const world = createReplayLog()
  await world.put(0, message('g1', 0))
  await world.put(0, message('g1', 1), 'garbled')
  await world.put(0, left('g1', 2), 'unknown')
  await world.put(0, message('g1', 3))
  await world.put(1, message('g2', 4))
  const { text, said, report } = await run(world, requestOf())
  expect(placesOf(text)).toEqual(['0:0', '0:3', '1:0'])
  expect(said).toEqual([
    expect.stringMatching(/^0:1 unreadable_event: .*message-posted\.v2/),
    expect.stringMatching(/^0:2 unknown_type: .*room-painted\.v1/),
  ])
  expect(report).toMatchObject({ end: 'complete', events: 3, troubles: 2 })
  expect(exitCodeOfReport(report)).toBe(2)
  expect((await run(world, requestOf('--types', 'MemberLeft'))).said).toEqual([])
})

test('a chain that breaks ends its partition there, and no other', async () => {
  const world = createReplayLog()
  for (let seconds = 0; seconds < 3; seconds++) await world.put(0, message('g1', seconds))
  world.store.truncate(world.topics.events, 0, 1)
  for (let seconds = 3; seconds < 5; seconds++) await world.put(0, message('g1', seconds)) // chained to what is gone
  await world.put(1, message('g2', 5))
  const { text, said, report } = await run(world, requestOf())
  expect(placesOf(text)).toEqual(['0:0', '1:0'])
  expect(said).toEqual([expect.stringMatching(/^0:1 log_cut: /)])
  expect(exitCodeOfReport(report)).toBe(2)
  // From a place in the middle on the event before it is looked for, and the break is seen as well.
  expect((await run(world, requestOf('--from', '1'))).said).toEqual([expect.stringMatching(/^0:1 log_cut: /)])
})

test('a start behind many invalid records finds the event that the next one is chained to', async () => {
  const world = createReplayLog()
  await world.put(0, message('g1', 0))
  for (let count = 0; count < 300; count++) await world.put(0, message('g1', 1), 'astray')
  const pos = await world.put(0, message('g1', 1))
  const { text, said } = await run(world, requestOf('--from', String(pos - 1)))
  expect([placesOf(text), said]).toEqual([[`0:${pos}`], []])
})

test('the next events are not read before those at hand were taken', async () => {
  const world = createReplayLog()
  for (let seconds = 0; seconds < 3; seconds++)
    for (const p of [0, 1]) await world.put(p, message(`g${p + 1}`, seconds))
  const reads: number[] = []
  const { log, topics, clock } = world
  const watched: World['log'] = {
    ...log,
    read: (topic, partition, from, to, signal) => {
      if (to - from > 1) reads.push(partition)
      return log.read(topic, partition, from, to, signal)
    },
  }
  const taken: (() => void)[] = []
  const sink = { write: () => new Promise<void>((resolve) => taken.push(resolve)), end: async () => {} }
  const view = { show: () => {}, say: () => {} }
  const running = replay({ log: watched, topics, clock, sink, view }, requestOf(), none, never)
  while (taken.length < 1) await clock.advance(1)
  await clock.advance(10_000)
  expect([reads, taken.length]).toEqual([[0], 1])
  taken[0]?.()
  while (taken.length < 2) await clock.advance(1)
  taken[1]?.()
  expect(await running).toMatchObject({ end: 'complete', events: 6 })
  expect(reads).toEqual([0, 1])
})

test('it ends between two lines when it is interrupted or nobody reads on', async () => {
  const world = createReplayLog()
  for (const p of [0, 1]) await world.put(p, message(`g${p + 1}`, p))
  const { log, topics, clock } = world
  const view = { show: () => {}, say: () => {} }
  const stopping = new AbortController()
  const texts: string[] = []
  const sink = {
    write: async (text: string) => {
      texts.push(text)
      stopping.abort()
    },
    end: async () => {},
  }
  const interrupted = await replay({ log, topics, clock, sink, view }, requestOf(), none, stopping.signal)
  expect([interrupted.end, placesOf(texts.join(''))]).toEqual(['interrupted', ['0:0']])
  expect(exitCodeOfReport(interrupted)).toBe(130)
  const gone = { ...sink, write: () => Promise.reject(new Fault('reader_gone', 'nobody reads on')) }
  const report = await replay({ log, topics, clock, sink: gone, view }, requestOf(), none, never)
  expect([report.end, exitCodeOfReport(report)]).toEqual(['reader_gone', 0])
})

async function* chunked(text: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

const kinds = fc.constantFrom<Kind[]>('valid', 'valid', 'valid', 'astray', 'garbled', 'unknown')
const entry = fc.record({
  partition: fc.nat(partitions - 1),
  kind: kinds,
  text: fc.string({ unit: 'grapheme' }),
  isLeft: fc.boolean(),
})
const requests = fc.constantFrom(
  requestOf(),
  requestOf('--types', 'MessagePosted'),
  requestOf('--conversation', 'g1'),
  requestOf('--from', '3'),
  requestOf('--from', '2', '--to', '9'),
  requestOf('--from', new Date(startMs + 5000).toISOString()),
)

test('wherever a replay was interrupted, what it left and what is added when it goes on equal one run', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 30 }),
      requests,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 400 }),
      async (entries, request, share, size) => {
        const world = createReplayLog()
        for (const [seconds, { partition, kind, text, isLeft }] of entries.entries()) {
          const conversation = `g${partition + 1}`
          await world.put(partition, isLeft ? left(conversation, seconds) : message(conversation, seconds, text), kind)
        }
        const whole = Buffer.from((await run(world, request)).text)
        const torn = whole.subarray(0, Math.floor(whole.length * share))
        const { told, bytes, lines } = await readLeft(chunked(torn, size))
        expect(lines).toBe(torn.filter((byte) => byte === 0x0a).length)
        const rest = await run(world, request, told)
        const joined = Buffer.concat([torn.subarray(0, bytes), Buffer.from(rest.text)])
        expect(joined.toString()).toBe(whole.toString())
      },
    ),
    { numRuns: 60 },
  )
})

test('going on, a log that grew gives the new events, and one that was cut is refused', async () => {
  const world = createReplayLog()
  for (let seconds = 0; seconds < 3; seconds++) await world.put(0, message('g1', seconds))
  const { told } = await readLeft(chunked((await run(world, requestOf())).text, 1000))
  expect((await run(world, requestOf(), told)).report).toMatchObject({ events: 0, records: 0 })
  await world.put(0, message('g1', 3))
  expect(placesOf((await run(world, requestOf(), told)).text)).toEqual(['0:3'])
  world.store.truncate(world.topics.events, 0, 2)
  await expect(run(world, requestOf(), told)).rejects.toMatchObject({ code: 'log_cut' })
  await world.put(0, message('g1', 9))
  await expect(run(world, requestOf(), told)).rejects.toMatchObject({ code: 'log_cut' })
})

test('a file that is none of a replay is not gone on with', async () => {
  await expect(readLeft(chunked('{"partition":0}\n', 3))).rejects.toMatchObject({ code: 'not_a_replay' })
  await expect(readLeft(chunked('hello\nworld\n', 100))).rejects.toMatchObject({ code: 'not_a_replay' })
  expect(await readLeft(chunked('torn', 1))).toMatchObject({ bytes: 0, lines: 0 })
})
