import { expect, test } from 'vitest'
import { createStream, streamItemsMax } from './stream.ts'

const setUp = () => {
  let listener: { next(item: number): void; end(): void } | undefined
  const stream = createStream<number>((given) => {
    listener = given
    return () => {
      listener = undefined
    }
  })
  return {
    stream,
    next: (item: number) => listener?.next(item),
    end: () => listener?.end(),
    isHeard: () => listener !== undefined,
  }
}

test('gives a reader what came before it asked and what comes after', async () => {
  const { stream, next, end } = setUp()
  next(1)
  next(2)
  expect([await stream.next(), await stream.next()]).toMatchObject([{ value: 1 }, { value: 2 }])
  const waiting = stream.next()
  next(3)
  expect(await waiting).toMatchObject({ value: 3 })
  next(4)
  end()
  expect([await stream.next(), await stream.next()]).toMatchObject([{ value: 4 }, { done: true }])
})

test('a loop that is left, or the end, lets go of the source', async () => {
  const left = setUp()
  left.next(1)
  for await (const item of left.stream) if (item === 1) break
  expect(left.isHeard()).toBe(false)
  const ended = setUp()
  const waiting = ended.stream.next()
  ended.end()
  expect([await waiting, ended.isHeard()]).toMatchObject([{ done: true }, false])
})

test('a reader that is too slow gets what was kept, and then hears that there was more', async () => {
  const { stream, next, isHeard } = setUp()
  for (let item = 0; item <= streamItemsMax; item++) next(item)
  expect(isHeard()).toBe(false)
  for (let item = 0; item < streamItemsMax; item++) expect((await stream.next()).value).toBe(item)
  await expect(stream.next()).rejects.toMatchObject({ code: 'too_slow' })
})
