import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

const never = new AbortController().signal

test('one runs at a time, in the order of the calls, whatever becomes of those before', async () => {
  const turns = createTurns()
  const first = Promise.withResolvers<void>()
  const ran: number[] = []
  const all = [
    turns(() => first.promise.then(() => ran.push(1)), never),
    turns(async () => {
      ran.push(2)
      throw new Error('two')
    }, never),
    turns(async () => ran.push(3), never),
  ]
  await new Promise((resolve) => setImmediate(resolve))
  expect(ran).toEqual([])
  first.resolve()
  await expect(all[1]).rejects.toThrow('two')
  await Promise.allSettled(all)
  expect(ran).toEqual([1, 2, 3])
})

test('who no longer wants it does not run, and those behind wait for those ahead', async () => {
  const turns = createTurns()
  const first = Promise.withResolvers<void>()
  const gone = new AbortController()
  const ran: number[] = []
  const ahead = turns(() => first.promise.then(() => ran.push(1)), never)
  const left = turns(async () => ran.push(2), gone.signal)
  const behind = turns(async () => ran.push(3), never)
  gone.abort()
  expect(await left).toBeUndefined()
  await new Promise((resolve) => setImmediate(resolve))
  expect(ran).toEqual([])
  first.resolve()
  await Promise.all([ahead, behind])
  expect(ran).toEqual([1, 3])
})
