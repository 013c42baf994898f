import { expect, test } from 'vitest'
import { workThrough } from './pool.ts'
import { createProgress } from './progress.ts'

test('so many are under way at once, and no more', async () => {
  let [now, most] = [0, 0]
  const done: number[] = []
  await workThrough([1, 2, 3, 4, 5], 2, async (item) => {
    most = Math.max(most, ++now)
    await Promise.resolve()
    now--
    done.push(item)
  })
  expect([most, done.sort()]).toEqual([2, [1, 2, 3, 4, 5]])
})

test('after a failure nothing new begins, and what is under way ends first', async () => {
  const begun: number[] = []
  const ended: number[] = []
  const work = workThrough([1, 2, 3, 4], 2, async (item) => {
    begun.push(item)
    if (item === 1) throw new Error('no')
    await Promise.resolve()
    ended.push(item)
  })
  await expect(work).rejects.toThrow('no')
  expect([begun, ended]).toEqual([[1, 2], [2]])
})

const progressOn = (isTTY: boolean) => {
  const written: string[] = []
  return { written, progress: createProgress({ isTTY, write: (text) => void written.push(text) }) }
}

test('progress is a line a quarter where it is no terminal', () => {
  const { written, progress } = progressOn(false)
  progress.begin('messages', 8)
  for (let i = 0; i < 8; i++) progress.advance()
  progress.begin('nothing', 0)
  expect(written.join('')).toBe('0/8 messages\n2/8 messages\n4/8 messages\n6/8 messages\n8/8 messages\n0/0 nothing\n')
})

test('progress is a bar on a terminal, and what is said stands above it', () => {
  const { written, progress } = progressOn(true)
  progress.begin('users', 2)
  progress.advance()
  progress.say('slowly')
  progress.advance()
  expect(written.slice(1)).toEqual([
    `\r[${'#'.repeat(15)}${' '.repeat(15)}] 1/2 users`,
    `\r\x1b[Kslowly\n\r[${'#'.repeat(15)}${' '.repeat(15)}] 1/2 users`,
    `\r[${'#'.repeat(30)}] 2/2 users\n`,
  ])
})
