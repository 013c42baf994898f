import { expect, test } from 'vitest'
import { WorkQueue } from './work-queue.ts'

const queueOf = (perform: (work: number) => Promise<void>) => {
  const heard: string[] = []
  const queue = new WorkQueue<number>({
    source: { pause: () => void heard.push('pause'), resume: () => void heard.push('resume') },
    perform,
    finish: async () => void heard.push('finish'),
    onFailed: (error) => void heard.push(String(error)),
  })
  return { queue, heard }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('works are performed one at a time, in order, and then it finishes once', async () => {
  const done: number[] = []
  let underWay = 0
  const { queue, heard } = queueOf(async (work) => {
    expect(++underWay).toBe(1)
    await settled()
    underWay--
    done.push(work)
  })
  queue.add([1, 2])
  queue.add([3])
  queue.end()
  queue.end()
  expect(queue.isEnding).toBe(true)
  for (let turn = 0; turn < 5; turn++) await settled()
  expect([done, heard]).toEqual([[1, 2, 3], ['finish']])
})

test('whoever sends more than 64 that wait is not read until half of them are done', async () => {
  const gates: (() => void)[] = []
  const { queue, heard } = queueOf(() => new Promise((resolve) => void gates.push(resolve)))
  queue.add(Array.from({ length: 65 }, (_, n) => n))
  queue.add([65])
  expect(heard).toEqual(['pause'])
  for (let done = 0; done < 33; done++) {
    expect(heard).toEqual(['pause'])
    gates.shift()?.()
    await settled()
  }
  expect(heard).toEqual(['pause', 'resume'])
})

test('what is dropped is not performed', async () => {
  const done: number[] = []
  const { queue, heard } = queueOf(async (work) => void done.push(work))
  queue.add([1, 2, 3])
  queue.drop()
  queue.end()
  await settled()
  expect([done, heard]).toEqual([[1], ['finish']])
})

test('a bug ends it, and is told', async () => {
  const { queue, heard } = queueOf(() => Promise.reject(new Error('bug')))
  queue.add([1, 2])
  queue.end()
  await settled()
  expect(heard).toEqual(['Error: bug'])
})
