import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@chat/runtime/system'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type Account, type Device, RequestError } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { check, fedInvariants } from './checker/index.ts'
import { recount } from './checker/story/edit.ts'
import { createRecordingDevice } from './client.ts'
import { recordFinals } from './final.ts'
import type { HistoryEvent } from './history.ts'
import { measure } from './measure.ts'
import { createRecorder, type Recorder, readHistory } from './recorder.ts'

const trafficMs = 20_000
const messagesPerSecond = 100
/** Clock of this process against the broker's, on one machine, ms. */
const clockErrorMs = 50

let system: System
let urls: readonly string[]
let accounts: readonly Account[]
let recorder: Recorder
let devices: readonly Device[]
let folder: string
let path: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chat-history-'))
  path = join(folder, 'history.jsonl')
  system = await startSystem({ connectors: 2, routers: 2, projectors: 1 })
  urls = system.connectors.map((connector) => connector.url)
  accounts = await registerAccounts(urls, 8)
  recorder = createRecorder({ clock: systemClock, label: 'clean', clockErrorMs, path })
  // Every second user has a second device, on the other connector.
  devices = accounts.flatMap((account, index) => {
    const ways = index % 2 === 0 ? [urls, [...urls].reverse()] : [urls]
    return ways.map((way) => createRecordingDevice(recorder, { urls: way, account }))
  })
  await Promise.all(devices.map((device) => device.connect()))
}, 120_000)

afterAll(async () => {
  await Promise.all((devices ?? []).map((device) => device.close()))
  await system?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index % items.length]
  if (item === undefined) throw new Error('nothing there')
  return item
}

/** Who is no member, or one already, is told so; anything else fails the test. */
const orRefused = async (asked: Promise<unknown>): Promise<void> => {
  await asked.catch((error: unknown) => {
    if (!(error instanceof RequestError) || !['not_member', 'already_member'].includes(error.code)) throw error
  })
}

interface Groups {
  readonly everybody: string
  readonly club: string
}

const createGroups = async (): Promise<Groups> => {
  const members = accounts.slice(1).map((account) => account.userId)
  const owner = at(devices, 0)
  const everybody = await owner.request('group.create', { title: 'everybody', visibility: 'private', members })
  const rules = { visibility: 'public', joinPolicy: 'open', history: 'sinceJoin' }
  const club = await owner.request('group.create', { name: 'club', title: 'club', ...rules })
  return { everybody: String(everybody.conversation), club: String(club.conversation) }
}

/** One thing after another, at a steady rate; resolves when all of it was answered. */
const traffic = ({ everybody, club }: Groups): Promise<void> => {
  const asked: Promise<void>[] = []
  const reconnecting = at(devices, 1)
  let count = 0
  const act = () => {
    const device = at(devices, count * 7)
    const other = at(accounts, count * 5 + 1).userId
    const direct = `d${Math.min(device.userId, other)}.${Math.max(device.userId, other)}`
    const conversation = at([everybody, everybody, club, direct], count * 3)
    // A request of the one that is cut would be lost with its connection; its sends are repeated.
    const mayAsk = device !== reconnecting
    if (mayAsk && count % 40 === 7)
      asked.push(orRefused(device.request(count % 80 === 7 ? 'group.join' : 'group.leave', { conversation: club })))
    if (mayAsk && count % 25 === 3) {
      const seq = device.coveredTo(everybody)
      if (seq > 0) asked.push(orRefused(device.request('read', { conversation: everybody, seq })))
    }
    if (mayAsk && count % 60 === 11) asked.push(orRefused(device.catchUp()))
    if (count === 700) asked.push(reconnecting.close())
    if (count === 900) asked.push(reconnecting.connect())
    asked.push(orRefused(device.send(conversation, `message ${count}`)))
    count++
  }
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      const passedMs = Math.min(performance.now() - startedAt, trafficMs)
      while (count < (passedMs * messagesPerSecond) / 1000) act()
      if (passedMs < trafficMs) return
      clearInterval(timer)
      Promise.all(asked).then(() => resolve(), reject)
    }, 10)
  })
}

/** The first line of a kind that fits, left out. */
const without = (history: readonly HistoryEvent[], fits: (line: HistoryEvent) => boolean): readonly HistoryEvent[] =>
  recount(history.toSpliced(history.findIndex(fits), 1))

const invariantsBroken = async (history: readonly HistoryEvent[]): Promise<ReadonlySet<string>> =>
  new Set((await check(history)).map(({ invariant }) => invariant))

test('20 s of traffic without a fault keep every invariant, and a line less breaks one', async () => {
  const services = [...system.connectors, ...system.routers, ...system.projectors]
  const groups = await createGroups()
  const users = accounts.map(({ userId }) => userId)
  await Promise.all(devices.map((device) => device.request('presence.watch', { users })))
  await traffic(groups)
  await Promise.all(services.map((service) => measure(recorder, service, 'run')))
  await recordFinals(recorder, { world: system.world, urls, accounts, devices })
  await Promise.all(devices.map((device) => device.close()))
  const recorded = recorder.end()

  const history = await readHistory(path)
  expect(history).toEqual(recorded)
  expect(await check(history)).toEqual([])
  // Probes after faults and a return to the start: nothing failed, nothing was let cool down.
  expect([...fedInvariants(history)]).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9', 'I10'])
  expect(history.some((line) => line.what === 'receiptPushed')).toBe(true)
  const accepted = history.filter((line) => line.what === 'answered' && line.position !== null)
  expect(accepted.length).toBeGreaterThan(1000)

  // One that counts: a record away from its `pos`, as a router leaves it that had to append again, is nobody's message.
  const isMessage = (line: HistoryEvent) =>
    line.what === 'logged' && line.type === 'MessagePosted' && line.pos === String(line.offset)
  expect(await invariantsBroken(without(history, isMessage))).toContain('I1')
  expect(await invariantsBroken(without(history, (line) => line.what === 'shown'))).toContain('I9')
  expect(await invariantsBroken(without(history, (line) => line.what === 'row'))).toContain('I7')
  const lines = readFileSync(path, 'utf8').split('\n')
  writeFileSync(path, lines.toSpliced(lines.length >> 1, 1).join('\n'))
  await expect(readHistory(path)).rejects.toThrow(/lines where/)
}, 300_000)
