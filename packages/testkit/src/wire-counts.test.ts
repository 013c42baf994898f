import { expect, test } from 'vitest'
import { createPushOrder, nothingCounted } from './wire-counts.ts'

test('a push that comes again is a repeat, one that comes late is a disorder, and a jump is neither', () => {
  const wire = nothingCounted()
  const connection = createPushOrder(wire)
  for (const seq of [1, 2, 5, 3, 5, 3, 6]) connection.note('g1', seq)
  connection.note('g2', 1)
  expect(wire).toMatchObject({ pushes: 8, repeats: 2, disorders: ['g1: 3 after 5'] })
})

test('another connection begins anew', () => {
  const wire = nothingCounted()
  createPushOrder(wire).note('g1', 7)
  createPushOrder(wire).note('g1', 7)
  createPushOrder(wire).note('g1', 3)
  expect(wire).toMatchObject({ pushes: 3, repeats: 0, disorders: [] })
})
