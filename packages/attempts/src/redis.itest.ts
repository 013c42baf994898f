import { silentLogger } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import { testStack } from '@chat/testkit'
import { attemptsContract } from '@chat/testkit/contracts/attempts'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { openRedisAttempts } from './redis.ts'

const { redisUrl } = testStack()
const admin = new Redis(redisUrl)
afterAll(async () => {
  await admin.quit()
})

const bounds = { account: { attemptsMax: 4, windowMs: 2_000 }, address: { attemptsMax: 6, windowMs: 3_000 } }
let worlds = 0
const worldPrefix = () => `t${process.pid}-${Math.random().toString(36).slice(2)}-${++worlds}:`
const open = (url: string, prefix: string) =>
  openRedisAttempts({ url, prefix, bounds, clock: systemClock, random: systemRandom, logger: silentLogger })

attemptsContract('redis', async () => {
  const prefix = worldPrefix()
  return { bounds, open: () => open(redisUrl, prefix), elapse: async () => {} }
})

test('all keys stand under the prefix and end with their window', async () => {
  const prefix = worldPrefix()
  const attempts = await open(redisUrl, prefix)
  await attempts.begin('name ann', '192.0.2.1')
  await attempts.failed('192.0.2.1')
  const keys = (await admin.keys(`${prefix}*`)).sort()
  expect(keys).toEqual([`${prefix}attempts:account:name ann`, `${prefix}attempts:address:192.0.2.1`])
  for (const key of keys) expect(await admin.pttl(key)).toBeGreaterThan(0)
  await attempts.close()
})

test('while Redis is away each process counts for itself', async () => {
  const attempts = await open('redis://127.0.0.1:1', worldPrefix())
  for (let i = 0; i < bounds.account.attemptsMax; i++) expect(await attempts.begin('ann', 'here')).toBeUndefined()
  expect(await attempts.begin('ann', 'here')).toBeDefined()
  await attempts.forgive('ann')
  expect(await attempts.begin('ann', 'here')).toBeUndefined()
  for (let i = 0; i < bounds.address.attemptsMax; i++) await attempts.failed('here')
  expect(await attempts.begin('bob', 'here')).toBeDefined()
  await attempts.close()
})
