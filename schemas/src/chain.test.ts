import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { chainOf, chainStart } from './chain.ts'

const event = { pos: 7, type: 'MessagePosted', cmd: 3, value: Buffer.from([0, 0, 0, 0, 9, 1, 2, 3]) }
const chain = chainOf(chainStart, event)

test('a chain is 16 hex digits over what came before, the place, the type, the cause and the value', () => {
  const expected = createHash('sha256')
    .update(`${chainStart}\n7\nMessagePosted\n3\n`)
    .update(Buffer.from([1, 2, 3]))
  expect(chain).toBe(expected.digest('hex').slice(0, 16))
})

test('the schema id is left out: an imported log has other ids and the same chain', () => {
  expect(chainOf(chainStart, { ...event, value: Buffer.from([0, 0, 0, 1, 0, 1, 2, 3]) })).toBe(chain)
})

test.each([
  ['the previous chain', '0000000000000001', event],
  ['the place', chainStart, { ...event, pos: 8 }],
  ['the type', chainStart, { ...event, type: 'MemberLeft' }],
  ['the cause', chainStart, { ...event, cmd: 4 }],
  ['the value', chainStart, { ...event, value: Buffer.from([0, 0, 0, 0, 9, 1, 2, 4]) }],
])('another chain follows when %s differs', (_what, previous, other) => {
  expect(chainOf(previous, other)).not.toBe(chain)
})
