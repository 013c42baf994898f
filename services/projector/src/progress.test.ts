import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createProgressView, withProgress } from './progress.ts'

const createView = (isTerminal: boolean) => {
  const written: string[] = []
  return { view: createProgressView({ write: (text) => void written.push(text), isTerminal }), written }
}

test('a terminal gets one line that is written over, with rate and time left', () => {
  const { view, written } = createView(true)
  view.show({ done: 50_000, total: 200_000, elapsedMs: 1000 })
  view.show({ done: 200_000, total: 200_000, elapsedMs: 4000 })
  view.say('done')
  expect(written).toEqual([
    '\r[######..................] 25 %, 50000 of 200000 records, 50000/s, 3 s left\u001b[K',
    '\r[########################] 100 %, 200000 of 200000 records, 50000/s, 0 s left\u001b[K',
    '\ndone\n',
  ])
})

test('elsewhere there is a plain line every two seconds and one at the end', () => {
  const { view, written } = createView(false)
  for (let elapsedMs = 250; elapsedMs < 5000; elapsedMs += 250) view.show({ done: elapsedMs, total: 1e7, elapsedMs })
  view.show({ done: 1e7, total: 1e7, elapsedMs: 5000 })
  view.say('done')
  expect(written).toEqual([
    '0 %, 250 of 10000000 records, 1000/s, 2 h 46 min left\n',
    '0 %, 2250 of 10000000 records, 1000/s, 2 h 46 min left\n',
    '0 %, 4250 of 10000000 records, 1000/s, 2 h 46 min left\n',
    '100 %, 10000000 of 10000000 records, 2000000/s, 0 s left\n',
    'done\n',
  ])
})

test('nothing to do is all done, and before the first record nothing is known of the time left', () => {
  const { view, written } = createView(false)
  view.show({ done: 0, total: 90, elapsedMs: 10 })
  view.show({ done: 0, total: 0, elapsedMs: 0 })
  expect(written).toEqual(['0 %, 0 of 90 records, 0/s, time left unknown\n', '100 %, 0 of 0 records, 0/s, 0 s left\n'])
})

test('progress is shown while the work goes on, at its end, and not after a failure', async () => {
  const clock = createFakeClock(0)
  const shown: number[] = []
  const view = { show: ({ done }: { readonly done: number }) => void shown.push(done), say: () => {} }
  const work = Promise.withResolvers<void>()
  const running = withProgress({ clock, view, total: 3 }, async (passed) => {
    passed(1)
    await work.promise
    passed(2)
  })
  await clock.advance(250)
  work.resolve()
  await running
  expect(shown).toEqual([1, 3])
  const failing = withProgress({ clock, view, total: 3 }, () => Promise.reject(new Error('no')))
  await expect(failing).rejects.toThrow('no')
  await clock.advance(1000)
  expect(shown).toEqual([1, 3])
})
