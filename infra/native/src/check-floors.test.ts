import { expect, test } from 'vitest'
import { floorProblems } from './check-floors.ts'

const problems = (version: string, floor = '8.21.0') => floorProblems({ ws: floor }, { 'node_modules/ws': { version } })

test.each(['8.21.0', '8.21.1', '8.100.0', '9.0.0', '8.21.0+build'])('%s is not below 8.21.0', (version) => {
  expect(problems(version)).toEqual([])
})

test.each(['8.20.9', '8.3.0', '7.99.99', '8.21.0-rc.1', 'unknown'])('%s is below 8.21.0', (version) => {
  expect(problems(version)).toHaveLength(1)
})

test('every copy counts, other packages do not', () => {
  const locked = {
    'node_modules/ws': { version: '9.0.0' },
    'node_modules/a/node_modules/ws': { version: '1.0.0' },
    'node_modules/@types/ws': { version: '1.0.0' },
    'node_modules/uws': { version: '1.0.0' },
  }
  expect(floorProblems({ ws: '8.21.0' }, locked)).toEqual([
    'node_modules/a/node_modules/ws is 1.0.0, below its floor 8.21.0',
  ])
})

test('what is not installed has no floor to reach', () => {
  expect(floorProblems({ ws: '8.21.0' }, {})).toEqual([])
})
