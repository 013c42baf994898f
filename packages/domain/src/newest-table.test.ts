import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NewestTable } from './newest-table.ts'

const entriesMax = 4

const filled = (...keys: readonly string[]) => {
  const table = new NewestTable<string>(entriesMax)
  for (const key of keys) table.set(key, `value of ${key}`)
  return table
}

test('the oldest key falls out, and one that is set again is no newer and no other', () => {
  const table = filled('a', 'b', 'c', 'd')
  table.set('a', 'another')
  table.set('e', 'value of e')
  expect([...table.keys()]).toEqual(['b', 'c', 'd', 'e'])
  table.set('b', 'another')
  expect(table.get('b')).toBe('value of b')
})

test('a delta holds what came since the last kept dump, and that of one that came to nothing too', () => {
  const table = filled('a', 'b')
  table.dumpAll().keep()
  table.set('c', '')
  const lost = table.dumpTouched()
  table.set('d', '')
  lost.discard()
  expect([...lost.entries].map(([key]) => key)).toEqual(['c'])
  const delta = table.dumpTouched()
  expect([...delta.entries].map(([key]) => key)).toEqual(['c', 'd'])
  delta.keep()
  expect([...table.dumpTouched().entries]).toEqual([])
})

test('a dump holds what was there when it began', () => {
  const table = filled('a', 'b', 'c', 'd')
  const dump = table.dumpAll()
  table.set('e', '')
  expect([...dump.entries].map(([key]) => key)).toEqual(['a', 'b', 'c', 'd'])
})

test('the newest dumps, in their order, give the same keys in the same order', () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f') },
      fc.constantFrom('full', 'delta', 'discarded'),
    ),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(steps, (all) => {
      const table = filled()
      let dumps = [[...table.dumpAll().entries]]
      const delta = () => {
        const dump = table.dumpTouched()
        dump.keep()
        return [...dump.entries]
      }
      for (const step of all) {
        if (step === 'full') dumps = [[...table.dumpAll().entries]]
        else if (step === 'delta') dumps.push(delta())
        else if (step === 'discarded') table.dumpTouched().discard()
        else table.set(step, step)
      }
      dumps.push(delta())
      const copy = filled()
      for (const [key, value] of dumps.flat()) copy.restore(key, value)
      expect([...copy]).toEqual([...table])
      expect([...copy.dumpTouched().entries]).toEqual([])
    }),
    { numRuns: 500 },
  )
})
