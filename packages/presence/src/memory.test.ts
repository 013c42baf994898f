import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { presenceContract } from '@chat/testkit/contracts/presence'
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
