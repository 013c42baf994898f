import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@chat/runtime/system'
import { freePort, spawnService } from '@chat/stack'
import { registerAccounts } from '@chat/stack/system'
import { type Account, type Acknowledged, createDevice, type Device, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedSystem, startEmbedded } from './embedded-system.ts'
import { expectExactlyOnce } from './expectations.ts'

const usersCount = 12
const messagesPerDevice = 150

let system: EmbeddedSystem
let accounts: readonly Account[]
let devices: readonly Device[]

beforeAll(async () => {
  system = await startEmbedded()
  accounts = await registerAccounts([system.url], usersCount)
  devices = accounts.map((account) => createDevice({ urls: [system.url], account }))
  await Promise.all(devices.map((device) => device.connect()))
}, 120_000)

afterAll(async () => {
  await Promise.all((devices ?? []).map((device) => device.close()))
  await system?.close()
})

const groupOfAll = async (): Promise<string> => {
  const members = accounts.slice(1).map((account) => account.userId)
  const created = await devices[0]?.request('group.create', { title: 'all', visibility: 'private', members })
  return String(created?.conversation)
}

test('a conversation survives SIGKILL in the middle: none lost, doubled or reordered', async () => {
  const conversation = await groupOfAll()
  const promised = new Map<Device, Promise<Acknowledged>[]>()
  let acknowledged = 0
  for (const device of devices) {
    const texts = Array.from({ length: messagesPerDevice }, (_, i) => `message ${i}`)
    const acks = texts.map((text) => device.send(conversation, text))
    for (const ack of acks) ack.then(() => acknowledged++)
    promised.set(device, acks)
  }
  await waitUntil(() => acknowledged > (usersCount * messagesPerDevice) / 3, {
    deadlineMs: 60_000,
    what: 'a third is acknowledged',
  })
  expect(
    devices.some((device) => device.unanswered() > 0),
    'sends are under way when it is killed',
  ).toBe(true)
  await system.end('SIGKILL')
  await system.start()
  const sent = new Map<Device, readonly Acknowledged[]>()
  for (const [device, acks] of promised) sent.set(device, await Promise.all(acks))
  await Promise.all(devices.map((device) => device.catchUp()))
  expectExactlyOnce({ conversation, devices, sent })
}, 180_000)

test('everything is still there after a clean stop by SIGTERM, another by SIGINT, and the starts that follow, which say once where it is', async () => {
  const first = devices[0]
  if (first === undefined) throw new Error('no device')
  const before = await first.request('conversations')
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    expect(await system.end(signal), signal).toEqual({ code: 0, signal: null })
    await system.start()
    // The line follows the port: /readyz answers first.
    const readyLines = () =>
      system
        .server()
        .logs()
        .match(/^ready .*$/gm)
    await waitUntil(readyLines, { deadlineMs: 10_000, what: 'it says where it is' })
    expect(readyLines()).toEqual([`ready ${system.url}`])
  }
  await waitUntil(() => first.isConnected(), { deadlineMs: 20_000, what: 'the device is back' })
  expect((await first.request('conversations')).items).toEqual(before.items)
}, 90_000)

test('a second run on the same data folder says so and exits with 1', async () => {
  const second = await spawnService('standalone', { ...system.env, CHAT_PORT: String(await freePort()) }, systemClock)
  expect((await second.exited).code).toBe(1)
  expect(second.logs()).toContain('another run uses the data folder')
}, 30_000)

test('a port in use is named in one sentence', async () => {
  const otherFolder = mkdtempSync(join(tmpdir(), 'chat-embedded-'))
  const second = await spawnService('standalone', { ...system.env, CHAT_DATA_DIR: otherFolder }, systemClock)
  expect((await second.exited).code).toBe(1)
  expect(second.logs()).toMatch(new RegExp(`port ${system.env.CHAT_PORT} .*in use`))
  rmSync(otherFolder, { recursive: true, force: true })
}, 60_000)
