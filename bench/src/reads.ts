import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type System, startSystem } from '@chat/stack/system'
import { type Account, connectLoadSockets, type LoadSocket, postJson } from '@chat/testkit'
import { type Filled, fillLog } from './fill-log.ts'
import { type Summary, summarise } from './percentiles.ts'
import { pick } from './pick.ts'
import { projectedEvents } from './projected.ts'
import { someQuery, someText } from './words.ts'

/** What people ask of a system with much in it. */
export interface ReadsOptions {
  /** Messages on the log before anything starts. */
  readonly events: number
  readonly users: number
  readonly groups: number
  readonly pairs: number
  /** Different people who ask, the first among them. */
  readonly readers: number
  /** Of each kind. */
  readonly requests: number
  readonly connectors: number
  readonly partitions: number
}

export interface ReadsResult {
  /** Of the first one, who is in most. */
  readonly conversationsOfFirst: number
  readonly newestPage: Summary
  readonly olderPage: Summary
  readonly friends: Summary
  readonly syncOfNothingNew: Summary
  readonly search: Summary
  /** Searches that found something. */
  readonly found: number
}

const conversationsOfFirst = 1_000
const friendPairs = 2_000
const pageLimit = 50
const readyTimeoutMs = 20 * 60_000
/** Asked and not counted, of each kind: caches fill, code is compiled. */
const warmUpShare = 0.1

export const runReads = async (options: ReadsOptions): Promise<ReadsResult> => {
  let filled: Filled | undefined
  const system = await startSystem({
    ...{ connectors: options.connectors, routers: 1, projectors: 1, partitions: options.partitions, readyTimeoutMs },
    prepare: async (world) => {
      const { events, users, groups, pairs } = options
      const talks = { groups, pairs, friends: friendPairs, ofFirst: conversationsOfFirst }
      filled = await fillLog(world, { events, users, ...talks, textOf: someText })
    },
  })
  try {
    if (filled === undefined) throw new Error('nothing was filled in')
    await projectedEvents(system.world, options.events, readyTimeoutMs)
    const accounts = await passwordsFor(system, filled, options.readers)
    const readers = await connectLoadSockets(
      system.connectors.map(({ url }) => url),
      accounts,
    )
    try {
      return await measure(readers.map(createReader), filled, options.requests)
    } finally {
      for (const { socket } of readers) socket.terminate()
    }
  } finally {
    await system.stop()
  }
}

/** Whoever was written to the log has no password yet: he gets one as after a loss of them all. */
const passwordsFor = async (system: System, { users }: Filled, count: number): Promise<readonly Account[]> => {
  const main = join(import.meta.dirname, '..', '..', 'services', 'connector', 'src', 'recover-main.ts')
  const url = system.connectors[0]?.url ?? ''
  const accounts: Account[] = []
  for (const { name, id } of users.slice(0, count)) {
    const { stdout } = await promisify(execFile)(process.execPath, [main, name], { env: system.env })
    const [, , code] = stdout.trimEnd().split('\t')
    const password = 'correct horse'
    const { status } = await postJson(`${url}/v1/password-resets`, { name, code, password })
    if (status !== 200) throw new Error(`${name} gets no password: ${status}`)
    accounts.push({ userId: id, name, password })
  }
  return accounts
}

type Answer = Readonly<Record<string, unknown>>

interface Reader {
  readonly userId: number
  /** Throws when it is refused. */
  ask(op: string, fields?: object): Promise<Answer>
}

const createReader = ({ account, socket }: LoadSocket): Reader => {
  const waiting = new Map<number, (answer: Answer) => void>()
  let ref = 0
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as Answer
    waiting.get(Number(frame.ref))?.(frame)
    waiting.delete(Number(frame.ref))
  })
  return {
    userId: account.userId,
    ask: async (op, fields = {}) => {
      const answer = new Promise<Answer>((resolve) => waiting.set(++ref, resolve))
      socket.send(JSON.stringify({ op, ref, ...fields }))
      const frame = await answer
      if (frame.op !== 'ok') throw new Error(`${op} was refused: ${JSON.stringify(frame)}`)
      return frame
    },
  }
}

const measure = async (readers: readonly Reader[], filled: Filled, requests: number): Promise<ReadsResult> => {
  const own = new Map(
    readers.map((reader) => {
      const talks = filled.conversations.filter(({ members }) => members.some(([user]) => user === reader.userId))
      return [reader, talks.filter(({ seq }) => seq > 0)] as const
    }),
  )
  const [first] = readers
  if (first === undefined) throw new Error('nobody asks')
  const timed = async (ask: (reader: Reader) => Promise<unknown>, by = readers): Promise<Summary> => {
    const times: number[] = []
    for (let count = -requests * warmUpShare; count < requests; count++) {
      const reader = pick(by)
      const startMs = performance.now()
      await ask(reader)
      if (count >= 0) times.push(performance.now() - startMs)
    }
    return summarise(times)
  }
  const history = (older: boolean) => async (reader: Reader) => {
    const { conversation, seq } = pick(own.get(reader) ?? [])
    const before = older ? { before: 1 + Math.ceil(Math.random() * seq) } : {}
    await reader.ask('history', { conversation, limit: pageLimit, ...before })
  }
  const newestPage = await timed(history(false))
  const olderPage = await timed(history(true))
  const friends = await timed((reader) => reader.ask('friends'))
  const token = await syncedToken(first)
  const syncOfNothingNew = await timed((reader) => reader.ask('sync', { token }), [first])
  let found = 0
  const search = await timed(async (reader) => {
    const { items } = await reader.ask('search', { query: someQuery() })
    if ((items as readonly unknown[]).length > 0) found++
  })
  const count = own.get(first)?.length ?? 0
  return { conversationsOfFirst: count, newestPage, olderPage, friends, syncOfNothingNew, search, found }
}

/** The token of the last page of a walk over all conversations. */
const syncedToken = async (reader: Reader): Promise<unknown> => {
  let token: unknown
  for (let hasMore = true; hasMore; ) {
    const page = await reader.ask('sync', token === undefined ? {} : { token })
    token = page.token
    hasMore = page.hasMore === true
  }
  return token
}
