import { expect, test } from 'vitest'
import { parseRebuildOutput } from './rebuild-output.ts'

const output = `loaded 500000 events and 12 receipts in 10.0 s, making indexes
indexes made in 2.5 s, catching up
comparing with the live read models
switched after 20.0 s; the replaced read models are kept up until they are dropped
`

test('the times of a rebuild are read from what it says', () => {
  expect(parseRebuildOutput(output)).toEqual({
    events: 500_000,
    loadSeconds: 10,
    indexSeconds: 2.5,
    totalSeconds: 20,
    loadedPerSecond: 50_000,
    switchedPerSecond: 25_000,
  })
})

test('a rebuild that did not say a time is an error', () => {
  expect(() => parseRebuildOutput(output.replace('switched', 'moved'))).toThrow('did not say')
})
