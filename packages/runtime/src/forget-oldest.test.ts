import { expect, test } from 'vitest'
import { forgetOldest } from './forget-oldest.ts'

test('beyond the limit the entry that was put in first goes, whatever was set again since', () => {
  const map = new Map(Object.entries({ a: 1, b: 2 }))
  forgetOldest(map, 2)
  expect([...map.keys()]).toEqual(['a', 'b'])
  map.set('a', 3).set('c', 4)
  forgetOldest(map, 2)
  expect([...map.keys()]).toEqual(['b', 'c'])
})
