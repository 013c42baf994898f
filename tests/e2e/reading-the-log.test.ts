import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EventLog, isValid, posHeader, type StoredRecord } from '@chat/event-log'
import { openKafkaLog } from '@chat/event-log/kafka'
import { silentLogger } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { chainOf, chainStart, createEncoder, decodeEvent, type Encoder, type LogEvent } from '@chat/schemas'
import { createRegistry } from '@chat/schemas/registry'
import { createTestWorld, type TestWorld, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

let world: TestWorld
let encoder: Encoder
let folder: string
let env: NodeJS.ProcessEnv
const stack = new AsyncDisposableStack()
const fatal: unknown[] = []
const never = new AbortController().signal
const partition = 0

const openLog = async (clientId: string): Promise<EventLog> => {
  const { kafkaBrokers: brokers } = world.stack
  const onFatal = (error: unknown) => fatal.push(error)
  return stack.use(await openKafkaLog({ brokers, clientId, clock, random, logger: silentLogger, onFatal }))
}

beforeAll(async () => {
  world = await createTestWorld({ partitions: 2 })
  stack.defer(world.close)
  folder = await mkdtemp(join(tmpdir(), 'reading-'))
  stack.defer(() => rm(folder, { recursive: true }))
  encoder = createEncoder(await createRegistry({ url: world.stack.registryUrl }).register())
  const log = await openLog('test')
  await log.ensureTopics([world.topics.events], { replicas: 1 })
  await fight(0, perWriter / 2)
  env = {
    ...process.env,
    CHAT_LOG_PREFIX: world.prefix,
    CHAT_PARTITIONS: String(world.partitions),
    CHAT_SLOTS: String(world.slots),
    ANALYTICS_GROUP: `${world.prefix}analytics`,
    ANALYTICS_FILE: join(folder, 'analytics.sqlite'),
  }
}, 60_000)

afterAll(() => stack.disposeAsync())

const hourMs = 3_600_000
const hours = 3
const users = 4
const perWriter = 120
const startMs = Date.UTC(2031, 0, 1)

/** Message `n` of a writer: its hour and its author are known. */
const message = (writer: number, n: number): LogEvent => ({
  type: 'MessagePosted',
  conversation: 'g1',
  seq: n + 1,
  actor: ((writer + n) % users) + 1,
  device: `device-${writer}`,
  at: startMs + (n % hours) * hourMs + n,
  clientMsgId: `${writer}-${n}`,
  body: Buffer.from('{"kind":"text","text":"hello"}'),
  keyId: null,
  replyTo: null,
  mentions: [],
})

/** As a router: it stamps each event with the place that it must get, and after a miss reads what was written and tries again. */
const createWriter = (log: EventLog) => {
  const topic = world.topics.events
  let next = 0
  let chain = chainStart
  const readOn = async () => {
    const end = (await log.ends(topic)).get(partition) ?? 0
    for await (const records of log.read(topic, partition, next, end, never))
      chain = records.findLast(isValid)?.headers.chain ?? chain
    next = end
  }
  return async (event: LogEvent): Promise<void> => {
    for (;;) {
      const { schema, value } = encoder.encode(event)
      const { type } = event
      const draft = chainOf(chain, { pos: next, type, cmd: next, value })
      const headers = { type, schema, [posHeader]: String(next), cmd: String(next), ignorable: 'false', chain: draft }
      const { baseOffset } = await log.append({ topic, partition, records: [{ key: null, value, headers }] })
      if (baseOffset === next) {
        next++
        chain = draft
        return
      }
      await readOn()
    }
  }
}

/** Two that both believe the partition is theirs, each with messages to post once. */
const fight = async (from: number, to: number): Promise<void> => {
  const one = async (writer: number) => {
    const post = createWriter(await openLog(`writer-${writer}`))
    for (let n = from; n < to; n++) await post(message(writer, n))
  }
  await Promise.all([one(0), one(1)])
}

let fought: Promise<void> | undefined
/** The second half of it, for whichever test comes first. */
const fightOn = (): Promise<void> => {
  fought ??= fight(perWriter / 2, perWriter)
  return fought
}

interface Hour {
  readonly hour: string
  readonly messages: number
  readonly users: number
}

const tallyOf = (events: readonly LogEvent[]): readonly Hour[] => {
  const posted = events.filter((event) => event.type === 'MessagePosted')
  return [...Map.groupBy(posted, ({ at }) => Math.floor(at / hourMs))]
    .toSorted(([a], [b]) => a - b)
    .map(([hour, messages]) => ({
      hour: new Date(hour * hourMs).toISOString(),
      messages: messages.length,
      users: new Set(messages.map(({ actor }) => actor)).size,
    }))
}

const posted = (): readonly LogEvent[] =>
  [0, 1].flatMap((writer) => Array.from({ length: perWriter }, (_, n) => message(writer, n)))

const totalOf = (tally: readonly Hour[]): number => tally.reduce((sum, { messages }) => sum + messages, 0)

const run = (script: string, ...args: string[]): ChildProcess =>
  spawn(process.execPath, [join(import.meta.dirname, '..', '..', script), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })

const outcomeOf = async (child: ChildProcess) => {
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  const [code] = await once(child, 'close')
  return { code, ...output }
}

const linesOf = (text: string) => text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))

const report = async (): Promise<readonly Hour[]> => {
  const { code, stdout, stderr } = await outcomeOf(run('examples/analytics/src/report.ts'))
  expect(code, stderr).toBe(0)
  return linesOf(stdout)
}

test('a partition that two writers fought over is counted right by who knows the rule, though it be killed, and wrong by who does not', async () => {
  const main = 'examples/analytics/src/main.ts'
  const startCounting = async () => {
    const child = run(main)
    stack.defer(() => void child.kill('SIGKILL'))
    const outcome = outcomeOf(child)
    const told = once(child.stdout ?? child, 'data').then(() => 'counting')
    expect(await Promise.race([outcome, told])).toBe('counting')
    return { child, outcome }
  }
  const first = await startCounting()
  await waitUntil(async () => totalOf(await report()) > 0, { deadlineMs: 20_000, what: 'it counts', everyMs: 100 })
  first.child.kill('SIGKILL')
  expect(await first.outcome).toMatchObject({ code: null })
  await fightOn()
  const log = await openLog('reader')
  const records: StoredRecord[] = []
  const end = (await log.ends(world.topics.events)).get(partition) ?? 0
  for await (const some of log.read(world.topics.events, partition, 0, end, never)) records.push(...some)
  const eventsOf = (some: readonly StoredRecord[]) =>
    some.flatMap(({ headers, value }) => {
      const decoded = decodeEvent(headers.schema ?? '', value)
      return 'record' in decoded ? [decoded.record] : []
    })
  const right = tallyOf(posted())
  expect(totalOf(tallyOf(eventsOf(records))), 'without the rule').toBeGreaterThan(totalOf(right))
  expect(tallyOf(eventsOf(records.filter(isValid))), 'with the rule').toEqual(right)

  const second = await startCounting()
  await waitUntil(async () => totalOf(await report()) >= totalOf(right), {
    deadlineMs: 25_000,
    what: 'it goes on where it was killed',
    everyMs: 200,
  })
  second.child.kill('SIGTERM')
  expect(await second.outcome).toMatchObject({ code: 0 })
  expect(await report()).toEqual(right)
  expect(fatal).toEqual([])
}, 60_000)

test('a replay tells each event once, and one that goes on with the file of an interrupted one gives the same file', async () => {
  const main = 'services/projector/src/replay-main.ts'
  await fightOn()
  const whole = await outcomeOf(run(main, '--json'))
  expect(whole.code, whole.stderr).toBe(0)
  const told = linesOf(whole.stdout)
  expect(told.map(({ event }) => event.clientMsgId).toSorted()).toEqual(
    posted()
      .map((event) => ('clientMsgId' in event ? event.clientMsgId : ''))
      .toSorted(),
  )
  expect(whole.stderr).toMatch(/done: 240 events of \d+ records, [1-9]\d* of them invalid/)
  const file = join(folder, 'events.jsonl')
  for (const share of [0, 0.4, 1]) {
    if (share > 0) await truncate(file, Math.floor(whole.stdout.length * share)) // as a kill leaves it
    const { code, stdout, stderr } = await outcomeOf(run(main, '--resume', file))
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: '' })
    expect(await readFile(file, 'utf8')).toBe(whole.stdout)
  }
  const unread = run(main, '--json')
  unread.stdout?.destroy()
  const { code, stderr } = await outcomeOf(unread)
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('nobody reads on') })
  const shown = await outcomeOf(run(main, '--to', '1', '--partition', '0'))
  expect(shown.stdout).toMatch(/^2031-01-01T\S+ 0:0 MessagePosted conversation="g1" .*\n$/)
}, 60_000)

test('a replay says all that is wrong with its options, and ends cleanly at Ctrl-C', async () => {
  const main = 'services/projector/src/replay-main.ts'
  const wrong = await outcomeOf(run(main, '--from', 'x', '--types', 'Nothing', 'more'))
  expect(wrong).toMatchObject({ code: 1, stdout: '' })
  for (const problem of ['--from', 'Nothing', 'more']) expect(wrong.stderr).toContain(problem)
  const away = spawn(process.execPath, [join(import.meta.dirname, '..', '..', main)], {
    env: { ...env, CHAT_KAFKA_BROKERS: '127.0.0.1:1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const outcome = outcomeOf(away)
  await once(away.stderr, 'data') // it says that it waits
  away.kill('SIGINT')
  expect(await outcome).toMatchObject({ code: 130, stdout: '' })
}, 30_000)
