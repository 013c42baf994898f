import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { presenceContract } from '@chat/testkit/contracts/presence'
import { expect, test } from 'vitest'
import { createMemoryPresence } from './memory.ts'

const slots = 4
const leaseMs = 6_000

presenceContract('memory', async () => {
  const clock = createFakeClock(Date.UTC(2031, 0, 1))
  const presence = createMemoryPresence({ clock, random: createSeededRandom(1), slots, leaseMs })
  return {
    slots,
    leaseMs,
    hasSimulatedClock: true,
    open: async () => presence,
    elapse: (ms) => clock.advance(ms),
    wipe: async () => presence.wipe(),
  }
})

test('what was saved comes back as it was but for its generation, and what came since is forgotten', async () => {
  const clock = createFakeClock(Date.UTC(2031, 0, 1))
  const presence = createMemoryPresence({ clock, random: createSeededRandom(1), slots, leaseMs })
  const info = { id: 'c', socketUrl: 'ws://c', connections: 0, capacity: 1, isReady: true }
  const lease = await presence.lease(info)
  await presence.register(lease, [1], 0)
  const restore = presence.save()
  await presence.register(lease, [2], 0)
  await presence.unregister(lease, [1])
  presence.wipe()
  await presence.lease(info)
  restore()
  const { generation, locations } = await presence.lookup([1, 2])
  expect(generation).not.toBeNull()
  expect(generation).not.toBe(lease.generation)
  expect([...locations]).toEqual([[1, [{ slot: lease.slot, epoch: lease.epoch }]]])
})
