import { Fault } from '@chat/runtime'
import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createOldNumbers, numbersIn } from './old-numbers.ts'

/** Users of `json-to` by their old numbers, and what was asked of the read models. */
const start = (old: Readonly<Record<number, number>> = {}) => {
  const clock = createFakeClock(0)
  const ids = new Map(Object.entries(old).map(([number, id]) => [Number(number), id]))
  const asked: number[] = []
  const world = { isAway: false }
  const read = (dialect: string, kind: string, keys: readonly number[], all: Iterable<readonly [number, number]>) => {
    asked.push(keys.length)
    if (world.isAway) throw new Fault('read_models_unavailable', 'away')
    return new Map([...all].filter(([key]) => dialect === 'json-to' && kind === 'user' && keys.includes(key)))
  }
  const readModels = {
    idsOfOld: async (dialect: string, kind: string, keys: readonly number[]) => read(dialect, kind, keys, ids),
    oldIdsOf: async (dialect: string, kind: string, keys: readonly number[]) =>
      read(
        dialect,
        kind,
        keys,
        [...ids].map(([number, id]) => [id, number] as const),
      ),
  }
  const api = createOldNumbers({ readModels, clock })
  const [to, toid] = [numbersIn('json-to', api), numbersIn('json-toid', api)]
  const shown = async (...some: readonly number[]) => {
    const numberOf = await to.numbersOf('user', some)
    return numberOf && some.map(numberOf)
  }
  return { clock, ids, asked, world, to, toid, shown }
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => 1_000_001 + n)

test('an old number is one of its dialect and its kind alone; whatever is none is an id', async () => {
  const { to, toid, shown } = start({ 7: 1_000_007 })
  expect(await to.idOf('user', 7)).toBe(1_000_007)
  expect(await to.idOf('user', 1_000_007)).toBe(1_000_007)
  expect(await to.idOf('group', 7)).toBe(7)
  expect(await toid.idOf('user', 7)).toBe(7)
  expect(await shown(1_000_007, 1_000_008, 1_000_007)).toEqual([7, 1_000_008, 7])
  expect((await toid.numbersOf('user', [1_000_007]))?.(1_000_007)).toBe(1_000_007)
})

test('what was found is never asked again, what was not again after 5 s', async () => {
  const { shown, ids, asked, clock } = start({ 7: 1_000_007 })
  await shown(1_000_007, 1_000_008)
  ids.set(8, 1_000_008)
  await clock.advance(4_999)
  expect(await shown(1_000_007, 1_000_008)).toEqual([7, 1_000_008])
  expect(asked).toEqual([2])
  await clock.advance(1)
  expect(await shown(1_000_007, 1_000_008)).toEqual([7, 8])
  await clock.advance(60_000)
  expect(await shown(1_000_007, 1_000_008)).toEqual([7, 8])
  expect(asked).toEqual([2, 1])
})

test('many are asked for together, at most 1,000 at once; what is asked meanwhile comes with the next ones', async () => {
  const { shown, asked } = start({ 7: 1_000_007 })
  const many = shown(...upTo(2_500))
  const others = await Promise.all([5_000_001, 5_000_002, 1_000_007].map((id) => shown(id)))
  expect(others).toEqual([[5_000_001], [5_000_002], [7]])
  expect((await many)?.[6]).toBe(7)
  expect(asked).toEqual([1_000, 3, 1_000, 500])
})

test('while nobody can tell, what was told before stands, and of nothing else an id is shown', async () => {
  const { shown, world, clock, to, asked, ids } = start({ 7: 1_000_007 })
  await shown(1_000_007, 1_000_008)
  await to.idOf('user', 9)
  world.isAway = true
  await clock.advance(60_000)
  expect(await shown(1_000_007, 1_000_008)).toEqual([7, 1_000_008])
  expect(await to.idOf('user', 9)).toBe(9)
  expect(await to.idOf('user', 10)).toBeUndefined()
  expect(await shown(1_000_008, 1_000_009)).toBeUndefined()
  const before = asked.length
  expect(await shown(1_000_008)).toEqual([1_000_008])
  expect(asked.length, 'it is not asked for each time').toBe(before)
  world.isAway = false
  ids.set(8, 1_000_008)
  await clock.advance(5_000)
  expect(await shown(1_000_008, 1_000_009)).toEqual([8, 1_000_009])
})

test('what is no Fault is a bug, for whoever asked and nobody else', async () => {
  const clock = createFakeClock(0)
  let isBroken = true
  const read = async () => {
    if (isBroken) throw new Error('broken')
    return new Map<number, number>()
  }
  const { idOf } = createOldNumbers({ readModels: { idsOfOld: read, oldIdsOf: read }, clock })
  await expect(idOf('unit', 'user', 1)).rejects.toThrow('broken')
  isBroken = false
  expect(await idOf('unit', 'user', 1)).toBe(1)
})
