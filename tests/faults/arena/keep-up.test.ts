import { createFakeClock, type Device, type FakeClock, type Frame } from '@chat/testkit'
import { beforeEach, expect, test } from 'vitest'
import { createKeepUp, type KeepUp } from './keep-up.ts'

let clock: FakeClock
let keepUp: KeepUp
let syncs: number
let pings: number
let drops: number
/** What the next syncs do. */
let answer: () => Promise<void>

beforeEach(() => {
  clock = createFakeClock(0)
  keepUp = createKeepUp(clock)
  syncs = 0
  pings = 0
  drops = 0
  answer = async () => {}
  const device = {
    isConnected: () => true,
    catchUp: () => {
      syncs++
      return answer()
    },
    request: async (): Promise<Frame> => {
      pings++
      return {}
    },
    drop: () => {
      drops++
    },
  } satisfies Partial<Device>
  keepUp.start(device as unknown as Device)
})

const event = (seq: number) => ({ seq, type: 'messagePosted', actor: 1, at: '', data: {} })

test('syncs after a reconnect, when told to, and every 2 minutes', async () => {
  await clock.advance(1_000)
  expect(syncs).toBe(0)
  keepUp.observer.connected(1)
  await clock.advance(200)
  expect(syncs).toBe(1)
  keepUp.observer.received(1, { op: 'resync' })
  await clock.advance(200)
  expect(syncs).toBe(2)
  await clock.advance(119_000)
  expect(syncs).toBe(2)
  await clock.advance(1_500)
  expect(syncs).toBe(3)
})

test('syncs for a hole that is not filled within 200 ms, and not for one that is', async () => {
  keepUp.observer.shown('d1.2', event(1), 'push')
  keepUp.observer.shown('d1.2', event(3), 'push')
  await clock.advance(100)
  keepUp.observer.shown('d1.2', event(2), 'push')
  await clock.advance(1_000)
  expect(syncs).toBe(0)
  keepUp.observer.shown('d1.2', event(5), 'push')
  await clock.advance(400)
  expect(syncs).toBe(1)
})

test('a sync that fails is repeated', async () => {
  answer = () => Promise.reject(new Error('unavailable'))
  keepUp.observer.connected(1)
  await clock.advance(1_300)
  expect(syncs).toBeGreaterThanOrEqual(2)
  expect(keepUp.failures()).toBe(syncs)
})

test('silence: a ping after the heartbeat, and without an answer the connection is given up', async () => {
  keepUp.observer.connected(1)
  await clock.advance(24_000)
  expect(pings).toBe(0)
  await clock.advance(2_000)
  expect([pings, drops]).toEqual([1, 0])
  await clock.advance(11_000)
  expect(drops).toBe(1)
})

test('what is heard ends the silence', async () => {
  keepUp.observer.connected(1)
  await clock.advance(26_000)
  keepUp.observer.received(1, { op: 'ok' })
  await clock.advance(15_000)
  expect([pings, drops]).toEqual([1, 0])
})

test('watches whom it is told to, anew on each connection, after a resync, and when it was refused', async () => {
  const watches: Frame[] = []
  let isRefused = false
  const watching = createKeepUp(clock, () => [7, 9])
  const device = {
    isConnected: () => true,
    catchUp: async () => {},
    request: async (op: string, fields: object = {}): Promise<Frame> => {
      if (op === 'presence.watch') watches.push({ op, ...fields })
      if (isRefused) throw new Error('refused')
      return {}
    },
  } satisfies Partial<Device>
  watching.start(device as unknown as Device)
  await clock.advance(1_000)
  expect(watches).toEqual([])
  watching.observer.connected(1)
  await clock.advance(1_000)
  expect(watches).toEqual([{ op: 'presence.watch', users: [7, 9] }])
  watching.observer.received(1, { op: 'resync' })
  isRefused = true
  await clock.advance(400)
  expect(watches).toHaveLength(2)
  isRefused = false
  await clock.advance(1_000)
  expect(watches).toHaveLength(3)
  watching.stop()
})
