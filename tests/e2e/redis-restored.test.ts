import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@chat/runtime'
import { systemClock } from '@chat/runtime/system'
import { directConversation } from '@chat/schemas'
import { freePort } from '@chat/stack'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { createDevice, type Device, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRedis, tellRedis } from './own-redis.ts'

/** Routers tell everybody everything for 10 s after they saw another generation. */
const broadcastMaxMs = 12_000

let port: number
let dir: string
let redis: ChildProcess
let system: System
let devices: readonly Device[]

beforeAll(async () => {
  port = await freePort()
  dir = await mkdtemp(join(tmpdir(), 'redis-'))
  redis = await startRedis(port, dir)
  system = await startSystem({ connectors: 2, routers: 1, projectors: 1, redisUrl: `redis://127.0.0.1:${port}` })
  const urls = system.connectors.map((connector) => connector.url)
  const accounts = await registerAccounts(urls, 2)
  devices = accounts.map((account, index) =>
    createDevice({ urls: index % 2 === 0 ? urls : [...urls].reverse(), account }),
  )
}, 120_000)

afterAll(async () => {
  await Promise.all((devices ?? []).map((device) => device.close()))
  await system?.stop()
  redis?.kill('SIGKILL')
  if (dir !== undefined) await rm(dir, { recursive: true })
})

/** At once, mostly between two renewals of a lease: then no connector sees it gone. */
const restartRedis = async () => {
  redis.kill('SIGKILL')
  await once(redis, 'exit')
  redis = await startRedis(port, dir)
}

test('a dump younger than a lease comes back: who logged in after it is told to sync, and gets pushes', async () => {
  const [speaker, listener] = devices
  if (speaker === undefined || listener === undefined) throw new Error('no device')
  await speaker.connect()
  await tellRedis(port, 'SAVE')
  await listener.connect()
  const resyncs = listener.wire.resyncs
  await restartRedis()

  await waitUntil(() => listener.wire.resyncs > resyncs, { deadlineMs: 20_000, what: 'the listener is told to sync' })
  await sleep(systemClock, broadcastMaxMs)
  const conversation = directConversation(speaker.userId, listener.userId)
  const { seq } = await speaker.send(conversation, 'are you there?')
  await waitUntil(() => listener.shown(conversation).has(seq), { deadlineMs: 5_000, what: 'the message is pushed' })
  expect(listener.wire.closes).toEqual([])
})
