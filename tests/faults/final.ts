import type { EventLog } from '@chat/event-log'
import type { Topic } from '@chat/schemas'
import { type Account, type Device, type Frame, getJson, logIn, type TestWorld, waitUntil } from '@chat/testkit'
import pg from 'pg'
import { dumpDatabase, eachRecord, openWorldLog } from '../e2e/read-models.ts'
import { type EventColumns, type Logged, printOf } from './history.ts'
import type { Recorder } from './recorder.ts'

/** How long the devices and the projector have to catch up once everything is healed, ms. */
const caughtUpMs = 120_000
const pageEventsMax = 200

/**
 * Brings a run to its end: every device is connected and syncs, the projector reaches the ends of the log, and then the log, the rows of
 * PostgreSQL, every device and every user's history are dumped into the history. Nobody may write meanwhile.
 */
export const recordFinals = async (
  recorder: Recorder,
  run: {
    readonly world: TestWorld
    readonly urls: readonly string[]
    readonly accounts: readonly Account[]
    readonly devices: readonly Device[]
  },
): Promise<void> => {
  const { world, devices } = run
  await waitUntil(() => devices.every((device) => device.isConnected() && device.unanswered() === 0), {
    deadlineMs: caughtUpMs,
    what: 'every device is connected and has its answers',
  })
  const log = await openWorldLog(world)
  try {
    await whenProjected(log, world)
    await Promise.all(devices.map((device) => device.catchUp()))
    await recordLog(recorder, log, world)
  } finally {
    await log.close()
  }
  await recordRows(recorder, world)
  recordDevices(recorder, devices)
  await recordHistories(recorder, run)
}

const whenProjected = async (log: EventLog, { topics, databaseUrl }: TestWorld): Promise<void> => {
  const ends = { events: await log.ends(topics.events), receipts: await log.ends(topics.receipts) }
  const database = new pg.Pool({ connectionString: databaseUrl, max: 1 })
  const behind = async () => {
    const { rows } = await database.query(
      'SELECT source, partition, next_offset::int AS next FROM read.projection_offsets',
    )
    const nextOf = new Map(rows.map(({ source, partition, next }) => [`${source} ${partition}`, Number(next)]))
    return (['events', 'receipts'] as const).flatMap((source) =>
      [...ends[source]].filter(([partition, end]) => (nextOf.get(`${source} ${partition}`) ?? 0) < end),
    )
  }
  try {
    await waitUntil(async () => (await behind()).length === 0, {
      deadlineMs: caughtUpMs,
      what: 'the projector is at the ends of the log',
      everyMs: 100,
    })
  } finally {
    await database.end()
  }
}

const recordLog = async (recorder: Recorder, log: EventLog, { topics }: TestWorld): Promise<void> => {
  let count = 0
  const dump = async (name: Logged['topic'], topic: Topic) => {
    for (const [partition, end] of await log.ends(topic))
      await eachRecord(log, topic, partition, end, ({ offset, timestamp, headers, value }) => {
        const { schema = null, type = null, pos = null, cmd = null, chain = null } = headers
        recorder.record({
          what: 'logged',
          topic: name,
          partition,
          offset,
          appendedMs: timestamp,
          schema: schema === null ? null : recorder.intern(schema),
          type: type === null ? null : recorder.intern(type),
          pos,
          cmd,
          chain,
          value: Buffer.from(value ?? new Uint8Array()).toString('base64'),
        })
        count++
      })
  }
  await dump('events', topics.events)
  await dump('receipts', topics.receipts)
  recorder.record({ what: 'dumped', source: 'log', count })
}

const recordRows = async (recorder: Recorder, { databaseUrl }: TestWorld): Promise<void> => {
  const dump = await dumpDatabase(databaseUrl)
  let count = 0
  for (const table of Object.keys(dump) as (keyof typeof dump)[])
    for (const row of dump[table]) {
      recorder.record({ what: 'row', table, row })
      count++
    }
  recorder.record({ what: 'dumped', source: 'rows', count })
}

const recordDevices = (recorder: Recorder, devices: readonly Device[]): void => {
  let count = 0
  for (const device of devices)
    for (const id of device.conversations()) {
      const events = [...device.shown(id).values()].sort((a, b) => a.seq - b.seq)
      const conversation = recorder.intern(id)
      const coveredTo = device.coveredTo(id)
      const columns = columnsOf(recorder, events)
      recorder.record({ what: 'deviceState', device: device.deviceId, conversation, coveredTo, ...columns })
      count++
    }
  recorder.record({ what: 'dumped', source: 'devices', count })
}

type Posted = Parameters<typeof printOf>[0] & { readonly seq: number }

const columnsOf = (recorder: Recorder, events: readonly Posted[]): EventColumns => ({
  seqs: events.map(({ seq }) => seq),
  clientMsgIds: events.map(({ type, data }) =>
    type === 'messagePosted' ? recorder.intern(String((data as Frame).clientMsgId)) : null,
  ),
  prints: events.map(printOf),
})

/** Over HTTP, by a session of its own: what a fresh client of that user would be told. */
const recordHistories = async (
  recorder: Recorder,
  { urls, accounts, devices }: Parameters<typeof recordFinals>[1],
): Promise<void> => {
  const [url = ''] = urls
  let count = 0
  for (const account of accounts) {
    const token = await logIn(url, account, crypto.randomUUID())
    const shown = devices.filter(({ userId }) => userId === account.userId).flatMap((device) => device.conversations())
    for (const id of new Set([...shown, ...(await conversationsOf(url, token))])) {
      const columns = columnsOf(recorder, await historyOf(url, token, id))
      const { status, body } = await getJson(`${url}/v1/conversations/${id}`, token)
      const view =
        status === 200 ? (body.conversation as { readonly unread: number; readonly readSeq: number }) : undefined
      const conversation = recorder.intern(id)
      const { unread = null, readSeq = null } = view ?? {}
      recorder.record({ what: 'userHistory', user: account.userId, conversation, ...columns, unread, readSeq })
      count++
    }
  }
  recorder.record({ what: 'dumped', source: 'histories', count })
}

const get = async (url: string, token: string): Promise<Frame> => {
  const { status, body } = await getJson(url, token)
  if (status !== 200) throw new Error(`${url}: ${status} ${JSON.stringify(body)}`)
  return body
}

const conversationsOf = async (url: string, token: string): Promise<readonly string[]> => {
  const ids: string[] = []
  for (let after: unknown = ''; after !== undefined; ) {
    const query = after === '' ? '' : `?after=${encodeURIComponent(String(after))}`
    const page = await get(`${url}/v1/conversations${query}`, token)
    ids.push(...(page.items as readonly { readonly id: string }[]).map(({ id }) => id))
    after = page.next
  }
  return ids
}

const historyOf = async (url: string, token: string, id: string): Promise<readonly Posted[]> => {
  const events: Posted[] = []
  for (let after = 0, hasMore = true; hasMore; ) {
    const page = await get(`${url}/v1/conversations/${id}/events?after=${after}&limit=${pageEventsMax}`, token)
    events.push(...(page.events as readonly Posted[]))
    after = Number(page.to)
    hasMore = page.hasMore === true
  }
  return events
}
