import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type Account, type Acknowledged, createDevice, type Device, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExactlyOnce } from './expectations.ts'

let system: System
let accounts: readonly Account[]
let devices: readonly Device[]

beforeAll(async () => {
  system = await startSystem({ connectors: 2, routers: 2, projectors: 1 })
  const urls = system.connectors.map((connector) => connector.url)
  accounts = await registerAccounts(urls, 8)
  devices = accounts.map((account) => createDevice({ urls, account }))
  await Promise.all(devices.map((device) => device.connect()))
}, 120_000)

afterAll(async () => {
  await Promise.all((devices ?? []).map((device) => device.close()))
  await system?.stop()
})

test('SIGTERM of each kind of process under load ends within 25 s with code 0 and loses nothing', async () => {
  const members = accounts.slice(1).map((account) => account.userId)
  const created = await devices[0]?.request('group.create', { title: 'all', visibility: 'private', members })
  const conversation = String(created?.conversation)
  const promised = new Map<Device, Promise<Acknowledged>[]>(devices.map((device) => [device, []]))
  const timer = setInterval(() => {
    for (const [device, acks] of promised) acks.push(device.send(conversation, `message ${acks.length}`))
  }, 40)
  const stop = async (kind: 'router' | 'projector' | 'connector') => {
    const [process] = { router: system.routers, projector: system.projectors, connector: system.connectors }[kind]
    const startMs = performance.now()
    process?.kill('SIGTERM')
    expect(await process?.exited, `${kind}:\n${process?.logs()}`).toEqual({ code: 0, signal: null })
    expect(performance.now() - startMs).toBeLessThan(25_000)
  }
  await stop('router')
  await stop('projector')
  system.projectors[0] = await system.spawn('projector')
  await stop('connector')
  await waitUntil(() => devices.every((device) => device.isConnected()), {
    deadlineMs: 20_000,
    what: 'all are on the other connector',
  })
  clearInterval(timer)
  const sent = new Map<Device, readonly Acknowledged[]>()
  for (const [device, acks] of promised) sent.set(device, await Promise.all(acks))
  await Promise.all(devices.map((device) => device.catchUp()))
  expectExactlyOnce({ conversation, devices, sent })
  expect(
    devices.flatMap((device) => device.wire.closes).every((code) => code === 1012),
    'closed as restarting',
  ).toBe(true)
}, 120_000)
