import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { Line } from './line.ts'
import { createNames } from './names.ts'
import { Stay } from './stay.ts'

/** ann's stay while nothing can be read; old numbers can be told or not: user 9 is 3. */
const start = () => {
  const clock = createFakeClock(0)
  const ask = async () => ({ op: 'error', ref: 1, code: 'unavailable', message: '', retry: 'later' }) as const
  const line: Line = { ask, request: ask, newClientMsgId: () => '', close: () => {}, isOpen: true }
  const world = { isAway: false }
  const numbers = {
    idOf: async () => undefined,
    numbersOf: async () => (world.isAway ? undefined : (id: number) => (id === 9 ? 3 : id)),
  }
  const failed = (error: unknown) => expect.unreachable(String(error))
  const stay = new Stay(
    { clock, random: createSeededRandom(1), names: createNames(), numbers, show: async () => {}, onFailed: failed },
    { line, user: { id: 1, name: 'ann' }, end: async () => {} },
  )
  return { stay, clock, world }
}

test('whose name cannot be read is called by his old number, never by his id', async () => {
  const { stay, world } = start()
  expect(await stay.nameOf(1)).toBe('ann')
  expect(await stay.nameOf(9)).toBe('3')
  world.isAway = true
  await expect(stay.nameOf(9)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(stay.numberOf('user', 9)).rejects.toMatchObject({ code: 'unavailable' })
})

test('what is not possible is tried again until it is, or until the stay is over', async () => {
  const { stay, clock, world } = start()
  world.isAway = true
  const number = stay.whenPossible(() => stay.numberOf('user', 9))
  await clock.advance(10_000)
  world.isAway = false
  await clock.advance(1_000)
  expect(await number).toBe(3)
  world.isAway = true
  const never = stay.whenPossible(() => stay.numberOf('user', 9))
  await clock.advance(10_000)
  stay.stop()
  await clock.advance(1_000)
  expect(await never).toBeUndefined()
})

test('a bug is not tried again', async () => {
  const { stay } = start()
  await expect(stay.whenPossible(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})
