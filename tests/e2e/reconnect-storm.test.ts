import type { ServiceProcess } from '@chat/stack'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type Acknowledged, createDevice, type Device, logIn, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExactlyOnce } from './expectations.ts'
import { metricOf } from './metrics.ts'

/** `npm run test:long` asks for what a CI machine has no time for. */
const isLong = process.env.CHAT_TEST_LONG === '1'
const devicesCount = isLong ? 5_000 : 1_000
const usersCount = 100
const sendersCount = 10
const sendEveryMs = 100
const backMaxMs = 120_000
const residentGrowthMax = 1.5
const mebibyte = 1024 * 1024

let system: System
let devices: readonly Device[]
let conversation: string

beforeAll(async () => {
  system = await startSystem({ connectors: 2, routers: 1, projectors: 1 })
  const urls = system.connectors.map((connector) => connector.url)
  const accounts = await registerAccounts(urls, usersCount)
  const tokens = await Promise.all(accounts.map((account) => logIn(urls[0] ?? '', account, crypto.randomUUID())))
  devices = Array.from({ length: devicesCount }, (_, index) => {
    const account = accounts[index % usersCount]
    const accessToken = tokens[index % usersCount]
    if (account === undefined || accessToken === undefined) throw new Error('no account')
    return createDevice({ urls: index % 2 === 0 ? urls : [...urls].reverse(), account, accessToken })
  })
  const waiting = [...devices]
  const connectNext = async () => {
    for (let device = waiting.shift(); device !== undefined; device = waiting.shift()) await device.connect()
  }
  await Promise.all(Array.from({ length: 16 }, connectNext))
  const members = accounts.slice(1).map((account) => account.userId)
  const created = await devices[0]?.request('group.create', { title: 'all', visibility: 'private', members })
  conversation = String(created?.conversation)
}, 300_000)

afterAll(async () => {
  await Promise.all((devices ?? []).map((device) => device.close()))
  await system?.stop()
})

const residentOf = ({ url }: ServiceProcess) => metricOf(url, 'process_resident_memory_bytes')

/** Runs `storm`, and sees that each process lives through it and grew no more than it may. */
const expectToHold = async (processes: readonly ServiceProcess[], storm: () => Promise<void>) => {
  const before = await Promise.all(processes.map(residentOf))
  await storm()
  for (const [index, process] of processes.entries()) {
    expect((await fetch(`${process.url}/readyz`)).status, process.name).toBe(200)
    const growth = (await residentOf(process)) / (before[index] ?? 0)
    say(
      `${process.name}: resident ${Math.round((before[index] ?? 0) / mebibyte)} MiB before it, ${growth.toFixed(2)} times that after it`,
    )
    expect(growth, `growth of resident memory of a ${process.name}`).toBeLessThanOrEqual(residentGrowthMax)
  }
}

const say = (line: string) => process.stdout.write(`${line}\n`)

const connectsOf = (): number => devices.reduce((sum, device) => sum + device.wire.connects, 0)

/** Lets all come back while some of them write, and returns how long that took, ms, and what was acknowledged. */
const comeBack = async (connectsBefore: number, gone: number, promised: Map<Device, Promise<Acknowledged>[]>) => {
  const startMs = performance.now()
  let turn = 0
  const timer = setInterval(() => {
    const [device, acks] = [...promised][turn++ % promised.size] ?? []
    if (device !== undefined) acks?.push(device.send(conversation, `message ${turn}`))
  }, sendEveryMs)
  await waitUntil(() => connectsOf() >= connectsBefore + gone && devices.every((device) => device.isConnected()), {
    deadlineMs: backMaxMs,
    everyMs: 50,
    what: () => `${devices.filter((device) => device.isConnected()).length} of ${devicesCount} are back`,
  })
  clearInterval(timer)
  return performance.now() - startMs
}

const promised = new Map<Device, Promise<Acknowledged>[]>()

/** Some at a time: all histories at once would be another storm than the one this is about. */
const expectNothingLost = async () => {
  const sent = new Map<Device, readonly Acknowledged[]>()
  for (const [device, acks] of promised) sent.set(device, await Promise.all(acks))
  const waiting = [...devices]
  const catchUpNext = async () => {
    for (let device = waiting.shift(); device !== undefined; device = waiting.shift()) await device.catchUp()
  }
  await Promise.all(Array.from({ length: 16 }, catchUpNext))
  expectExactlyOnce({ conversation, devices, sent })
}

test(`${devicesCount} devices whose connections break at once are all back, twice, without one password hash`, async () => {
  for (const device of devices.slice(0, sendersCount)) promised.set(device, [])
  const urls = system.connectors.map((connector) => connector.url)
  const each = (name: string) => Promise.all(urls.map((url) => metricOf(url, name)))
  const hashes = await each('chat_connector_password_hashes_total')
  await expectToHold([...system.connectors, ...system.routers, ...system.projectors], async () => {
    for (let round = 1; round <= 2; round++) {
      const connects = connectsOf()
      for (const device of devices) device.drop()
      const tookMs = await comeBack(connects, devicesCount, promised)
      say(`round ${round}: ${devicesCount} devices back in ${Math.round(tookMs)} ms`)
    }
  })
  expect(await each('chat_connector_password_hashes_total')).toEqual(hashes)
  await expectNothingLost()
}, 400_000)

test('a killed connector: all of its devices are back on the other one, nothing lost, doubled or reordered', async () => {
  const [victim, survivor] = system.connectors
  if (victim === undefined || survivor === undefined) throw new Error('two connectors are needed')
  const hashes = await metricOf(survivor.url, 'chat_connector_password_hashes_total')
  await expectToHold([survivor, ...system.routers, ...system.projectors], async () => {
    const connects = connectsOf()
    victim.kill('SIGKILL')
    await victim.exited
    await waitUntil(() => devices.some((device) => !device.isConnected()), {
      deadlineMs: 10_000,
      what: 'losses are seen',
    })
    const tookMs = await comeBack(connects, 1, promised)
    say(`connector killed: all devices back in ${Math.round(tookMs)} ms`)
  })
  expect(await metricOf(survivor.url, 'chat_connector_password_hashes_total')).toBe(hashes)
  await expectNothingLost()
}, 400_000)
