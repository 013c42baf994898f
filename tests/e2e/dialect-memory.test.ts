import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceProcess } from '@chat/stack'
import { createDevice, type Device, forEachOf, registerAccount, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { idOf } from '../crowd/asked.ts'
import { type DialectPorts, dialectEnv, freeDialectPorts } from '../crowd/ports.ts'
import type { Dialect, Named, Seat } from '../crowd/seats.ts'
import { startServer, stopServer } from './bad-input-target.ts'
import { dialectsAt } from './dialect-target.ts'
import { metricOf } from './metrics.ts'

/** What a process holds for connections of the older protocols on which nothing happens, of whoever is logged in and of whoever is not. */
const bytesMax = 12 * 1024
const strangersCount = 2_000
const peopleCount = 200
/** So many first, so that what is loaded and compiled at the first use does not count. */
const warmCount = 20
const atOnce = 8
const deadlineMs = 60_000

const places = {
  'json-to': 'JSON_TO',
  'json-toid': 'JSON_TOID',
  envelope: 'ENVELOPE',
  unit: 'UNIT',
  action: 'ACTION',
} as const
const garbageCollector = join(import.meta.dirname, '..', 'faults', 'site', 'collect-garbage.ts')
let folder: string
let ports: DialectPorts
let server: ServiceProcess
let asker: Device
let people: readonly Named[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chat-dialect-memory-'))
  const [free] = await freeDialectPorts(1)
  if (free === undefined) throw new Error('no ports')
  ports = free
  server = await startServer(folder, {
    ...dialectEnv(ports),
    ...{ CHAT_LIMITS: 'off', CHAT_DIALECT_PACING_MS: '0' },
    NODE_OPTIONS: `--expose-gc --import ${garbageCollector}`,
  })
  asker = createDevice({ urls: [server.url], account: await registerAccount(server.url, 'asker') })
  await asker.connect()
  const [jsonTo] = dialectsAt(ports)
  const names = Array.from({ length: peopleCount }, (_, index) => `idler ${index}`)
  people = await forEachOf(names, atOnce, async (name) => {
    await jsonTo?.register(name, 0)
    return { name, id: await idOf(name, asker) }
  })
}, 300_000)

afterAll(async () => {
  await asker?.close()
  if (server !== undefined) await stopServer(server, folder)
})

/** Once nothing is left that can be dropped, bytes. */
const held = async (): Promise<number> => {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 4; round++) {
    server.kill('SIGUSR2')
    await sleep(250)
    const heap = await metricOf(server.url, 'nodejs_heap_size_used_bytes')
    least = Math.min(least, heap + (await metricOf(server.url, 'nodejs_external_memory_bytes')))
  }
  return least
}

/** Connections to the database come and go meanwhile, so many at most. */
const others = 16
/** Its sockets, whosever they are. */
const sockets = () => metricOf(server.url, 'nodejs_active_resources{type="TCPSocketWrap"}')

/** What a connection costs of those that `open` opens; they are closed again. */
const costOf = async (count: number, open: () => Promise<readonly (() => void)[]>): Promise<number> => {
  const [before, socketsBefore] = [await held(), await sockets()]
  const closes = await open()
  expect(closes).toHaveLength(count)
  await waitUntil(async () => (await sockets()) >= socketsBefore + count - others, {
    deadlineMs,
    what: 'all are connected',
  })
  const cost = ((await held()) - before) / count
  for (const close of closes) close()
  await waitUntil(async () => (await sockets()) <= socketsBefore + others, { deadlineMs, what: 'all are gone' })
  return cost
}

const openStranger = async (name: keyof typeof places): Promise<() => void> => {
  const port = ports[places[name]]
  if (name === 'action') {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false })
    await once(socket, 'open')
    return () => socket.terminate()
  }
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return () => socket.destroy()
}

const strangers = (name: keyof typeof places, count: number) =>
  forEachOf(Array.from({ length: count }), 50, () => openStranger(name))

/** Those of `action` have no password, and so are others. */
const idlersOf = ({ name }: Dialect): readonly Named[] =>
  name === 'action' ? people.map((person) => ({ name: `active ${person.name}`, id: 0 })) : people

const logIn = async (dialect: Dialect, count: number): Promise<readonly (() => void)[]> => {
  const seats = await forEachOf(idlersOf(dialect).slice(0, count), atOnce, (who) => letIn(dialect, who))
  return seats.map((seat) => () => seat.leave())
}

/** Accounts are new to the first of their dialects. */
const warmingCount = (name: keyof typeof places): number =>
  name === 'json-to' || name === 'action' ? peopleCount : warmCount

/** Who has only just left may still count as being there. */
const letIn = (dialect: Dialect, who: Named): Promise<Seat> =>
  waitUntil(() => dialect.enter(who, 0), { deadlineMs, everyMs: 100, what: `${who.name} is let in` })

test.each(Object.keys(places) as (keyof typeof places)[])(
  '%s: an idle connection costs at most 12 KiB',
  async (name) => {
    const dialect = dialectsAt(ports).find((one) => one.name === name)
    if (dialect === undefined) throw new Error(`no ${name}`)
    for (const close of [...(await strangers(name, warmCount)), ...(await logIn(dialect, warmingCount(name)))]) close()
    const stranger = await costOf(strangersCount, () => strangers(name, strangersCount))
    const person = await costOf(peopleCount, () => logIn(dialect, peopleCount))
    expect(stranger, 'of whoever is not logged in').toBeLessThan(bytesMax)
    expect(person, 'of whoever is logged in').toBeLessThan(bytesMax)
  },
  300_000,
)
