import { expect, test } from 'vitest'
import { mutate, taggedCode } from './tags.ts'

const source = `/** A contract. [G1] */
const port = 1
/**
 * Of several lines. [G2]
 */
const one = 1 // [G3] [G4]
// Why it matters. [G5]
// And more.
if (a)
  return {
    b,
  }
next() // [G6]`

test('a tag at the end of a line means that line, one in a comment the statement after it, one in a docstring nothing', () => {
  expect(taggedCode(source)).toEqual([
    { guarantees: ['G3', 'G4'], from: 5, to: 6, text: 'const one = 1' },
    { guarantees: ['G5'], from: 8, to: 12, text: 'if (a) return { b, }' },
    { guarantees: ['G6'], from: 12, to: 13, text: 'next()' },
  ])
})

test('tagged code is taken out, or replaced', () => {
  const [first, second] = taggedCode(source)
  if (first === undefined || second === undefined) throw new Error('nothing tagged')
  expect(mutate(source, second, undefined)).toContain('// And more.\nnext()')
  expect(mutate(source, first, 'const one = 2')).toContain(' */\nconst one = 2\n// Why')
})
