import type { ChildProcess } from 'node:child_process'
import { freePort } from '@chat/stack'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type Acknowledged, createDevice, type Device, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExactlyOnce } from './expectations.ts'
import { startRedis } from './own-redis.ts'

/** Longer than a lease lives. */
const awayMs = 10_000
const devicesCount = 8
const sendEveryMs = 50

let redis: ChildProcess
let system: System
let devices: readonly Device[]
let late: Device | undefined

beforeAll(async () => {
  const port = await freePort()
  redis = await startRedis(port)
  system = await startSystem({ connectors: 2, routers: 2, projectors: 1, redisUrl: `redis://127.0.0.1:${port}` })
  const urls = system.connectors.map((connector) => connector.url)
  const accounts = await registerAccounts(urls, devicesCount + 1)
  const all = accounts.map((account, index) =>
    createDevice({ urls: index % 2 === 0 ? urls : [...urls].reverse(), account }),
  )
  devices = all.slice(0, devicesCount)
  late = all[devicesCount]
  await Promise.all(devices.map((device) => device.connect()))
}, 120_000)

afterAll(async () => {
  await Promise.all([...(devices ?? []), late].map((device) => device?.close()))
  await system?.stop()
  redis?.kill('SIGKILL')
})

const passed = (ms: number) => {
  const untilMs = performance.now() + ms
  return waitUntil(() => performance.now() >= untilMs, { deadlineMs: ms + 5_000, what: `${ms} ms`, everyMs: 50 })
}

test('Redis frozen for ten seconds under traffic: no connection closes, messages flow, who comes is let in, and all is well after it', async () => {
  const [owner] = devices
  if (owner === undefined || late === undefined) throw new Error('no device')
  const members = [...devices.slice(1), late].map((device) => device.userId)
  const created = await owner.request('group.create', { title: 'all', visibility: 'private', members })
  const conversation = String(created.conversation)
  const promised = new Map<Device, Promise<Acknowledged>[]>(devices.map((device) => [device, []]))
  let turn = 0
  const timer = setInterval(() => {
    const [device, acks] = [...promised][turn++ % devicesCount] ?? []
    if (device !== undefined) acks?.push(device.send(conversation, `message ${turn}`))
  }, sendEveryMs)
  const shownBy = (device: Device) => device.shown(conversation).size

  redis.kill('SIGSTOP')
  await passed(awayMs / 2)
  const before = devices.map(shownBy)
  await late.connect()
  await passed(awayMs / 2)
  const flowed = devices.map((device, index) => shownBy(device) - (before[index] ?? 0))
  expect(Math.min(...flowed), 'pushed to each device while Redis was away').toBeGreaterThan(0)
  expect(shownBy(late), 'pushed to the one who came meanwhile').toBeGreaterThan(0)
  redis.kill('SIGCONT')
  await waitUntil(() => [...devices, late].every((device) => device?.wire.resyncs !== 0), {
    deadlineMs: 20_000,
    what: 'everybody was told to sync',
  })
  clearInterval(timer)

  const sent = new Map<Device, readonly Acknowledged[]>()
  for (const [device, acks] of promised) sent.set(device, await Promise.all(acks))
  const everybody = [...devices, late]
  await Promise.all(everybody.map((device) => device.catchUp()))
  expectExactlyOnce({ conversation, devices: everybody, sent })
  expect(
    everybody.flatMap((device) => device.wire.closes),
    'connections that closed',
  ).toEqual([])
  for (const connector of system.connectors) expect((await fetch(`${connector.url}/readyz`)).status).toBe(200)
})
