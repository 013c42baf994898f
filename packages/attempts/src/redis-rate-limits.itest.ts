import { silentLogger } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import { testStack, waitUntil } from '@chat/testkit'
import { rateLimitsContract, smallRates } from '@chat/testkit/contracts/rate-limits'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { openRedisRateLimits } from './redis-rate-limits.ts'

const { redisUrl } = testStack()
const admin = new Redis(redisUrl)
afterAll(async () => {
  await admin.quit()
})

let worlds = 0
const worldPrefix = () => `t${process.pid}-${Math.random().toString(36).slice(2)}-${++worlds}:`
const open = (url: string, prefix: string, rates = smallRates) =>
  openRedisRateLimits({ url, prefix, rates, clock: systemClock, random: systemRandom, logger: silentLogger })

rateLimitsContract('redis', async () => {
  const prefix = worldPrefix()
  return { open: () => open(redisUrl, prefix), elapse: async () => {} }
})

const device = [{ rate: 'writesOfDevice', key: 'a' }] as const

test('who took more of all together than one bucket would have given is refused by all, until the window ends', async () => {
  const prefix = worldPrefix()
  const rates = { ...smallRates, writesOfDevice: { burst: 32, perSecond: 1, of: 'test' } }
  const opened = await Promise.all(Array.from({ length: 5 }, () => open(redisUrl, prefix, rates)))
  const ceiling = 32 + 60
  let taken = 0
  for (const limits of opened) for (let i = 0; i < 32; i++) if (limits.take(device) === undefined) taken++
  expect(taken).toBeGreaterThan(ceiling)
  const fresh = await open(redisUrl, prefix, rates)
  const isRefusedForLong = () => Number(fresh.take(device)?.retryAfterMs ?? 0) > 10_000
  await waitUntil(async () => isRefusedForLong(), {
    deadlineMs: 10_000,
    what: 'a process that took little refuses too',
  })
  const keys = await admin.keys(`${prefix}*`)
  expect(keys).toEqual([`${prefix}rate:writesOfDevice:a`])
  expect(await admin.pttl(`${prefix}rate:writesOfDevice:a`)).toBeGreaterThan(0)
  await Promise.all([...opened, fresh].map((limits) => limits.close()))
})

test('while Redis is away each process limits for itself, and waits for nothing', async () => {
  const limits = await open('redis://127.0.0.1:1', worldPrefix())
  for (let i = 0; i < smallRates.writesOfDevice.burst; i++) expect(limits.take(device)).toBeUndefined()
  expect(limits.take(device)).toBeDefined()
  await limits.close()
})
