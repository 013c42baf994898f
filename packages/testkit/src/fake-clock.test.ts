import { every, sleep } from '@chat/runtime'
import { expect, test } from 'vitest'
import { createFakeClock } from './fake-clock.ts'

test('timers fire in order of their due time, and equal ones in order of creation', async () => {
  const clock = createFakeClock(1000)
  const fired: string[] = []
  clock.after(20, () => fired.push(`c ${clock.now()}`))
  clock.after(10, () => fired.push(`a ${clock.now()}`))
  clock.after(10, () => fired.push(`b ${clock.now()}`))
  await clock.advance(19)
  expect(fired).toEqual(['a 1010', 'b 1010'])
  expect(clock.pending()).toBe(1)
  await clock.advance(1)
  expect(fired).toEqual(['a 1010', 'b 1010', 'c 1020'])
  expect([clock.now(), clock.monotonic(), clock.pending()]).toEqual([1020, 20, 0])
})

test('a chain of sleeps made by promises runs within one advance', async () => {
  const clock = createFakeClock(0)
  const woken: number[] = []
  const chain = async () => {
    for (let count = 0; count < 5; count++) {
      await sleep(clock, 10)
      woken.push(clock.now())
    }
  }
  void chain()
  await clock.advance(35)
  expect(woken).toEqual([10, 20, 30])
})

test('a cancelled timer never fires', async () => {
  const clock = createFakeClock(0)
  const cancel = clock.after(5, () => expect.unreachable())
  cancel()
  await clock.advance(10)
  expect(clock.pending()).toBe(0)
})

test('runUntil jumps from timer to timer until the condition holds', async () => {
  const clock = createFakeClock(0)
  let ticks = 0
  const cancel = every(clock, 60_000, () => {
    ticks++
  })
  await clock.runUntil(() => ticks === 100, 3_600_000 * 2)
  expect(clock.now()).toBe(100 * 60_000)
  await expect(clock.runUntil(() => ticks === 1000, 60_000)).rejects.toThrow('within 60000 virtual ms')
  cancel()
  await expect(clock.runUntil(() => false, 1000, 5)).rejects.toThrow('no timer is left')
})
