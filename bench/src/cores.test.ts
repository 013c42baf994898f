import { expect, test } from 'vitest'
import { parseCores } from './cores.ts'

test.each([
  ['0', [0]],
  ['0-1', [0, 1]],
  ['0-2,5', [0, 1, 2, 5]],
  ['3,8-9', [3, 8, 9]],
])('reads the cores %s', (list, cores) => {
  expect(parseCores(list)).toEqual(cores)
})
