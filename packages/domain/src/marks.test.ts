import { expect, test } from 'vitest'
import { createMarks } from './marks.ts'

const receipt = (user: number, deliveredSeq: number, readSeq: number, device = 'a') => ({
  ...{ conversation: 'd1.2', user, device, deliveredSeq, readSeq },
})

test('the mark of a user is that of the greatest of his devices, and what does not move it is nothing', () => {
  const marks = createMarks(10)
  expect(marks.advance(receipt(1, 3, 1))).toEqual({ deliveredSeq: 3, readSeq: 1 })
  expect(marks.advance(receipt(1, 2, 2, 'b'))).toEqual({ deliveredSeq: 3, readSeq: 2 })
  expect(marks.advance(receipt(1, 3, 2))).toBeUndefined()
  expect(marks.advance(receipt(1, 1, 1))).toBeUndefined()
  expect(marks.advance(receipt(2, 1, 1))).toEqual({ deliveredSeq: 1, readSeq: 1 })
})

test('the mark that moved longest ago is forgotten first', () => {
  const marks = createMarks(2)
  for (const user of [1, 2]) marks.advance(receipt(user, 5, 5))
  marks.advance(receipt(1, 6, 5))
  marks.advance(receipt(3, 5, 5))
  expect(marks.advance(receipt(1, 6, 5))).toBeUndefined()
  expect(marks.advance(receipt(2, 5, 5))).toBeDefined()
})
