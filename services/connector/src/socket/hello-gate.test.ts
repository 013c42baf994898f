import { createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createHelloGate, hellosAtOnceMax, hellosWaitingMax } from './hello-gate.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

const fill = (gate: ReturnType<typeof createHelloGate>, count: number) => {
  const started: number[] = []
  const works = Array.from({ length: count }, () => Promise.withResolvers<void>())
  const runs = works.map((work, index) =>
    gate.enter(() => {
      started.push(index)
      return work.promise
    }),
  )
  return { started, works, runs }
}

test('so many are in work at once, so many wait, and one more is told so at once', async () => {
  const gate = createHelloGate(createSeededRandom(1))
  const { started, runs } = fill(gate, hellosAtOnceMax + hellosWaitingMax + 1)
  await settle()
  expect(started).toHaveLength(hellosAtOnceMax)
  expect(runs.map((run) => !(run instanceof Promise)).indexOf(true)).toBe(hellosAtOnceMax + hellosWaitingMax)
})

test('turns come in order of arrival, whether work ends well or badly', async () => {
  const gate = createHelloGate(createSeededRandom(1))
  const { started, works, runs } = fill(gate, hellosAtOnceMax + 3)
  works[0]?.resolve()
  works[1]?.reject(new Error('failed'))
  await expect(runs[1]).rejects.toThrow('failed')
  await settle()
  expect(started.slice(hellosAtOnceMax)).toEqual([hellosAtOnceMax, hellosAtOnceMax + 1])
  for (const work of works) work.resolve()
  await Promise.allSettled(runs)
  const again = fill(gate, hellosAtOnceMax + 1)
  await settle()
  expect(again.started).toHaveLength(hellosAtOnceMax)
})

test('those who are refused are not all asked back at the same moment', () => {
  const gate = createHelloGate(createSeededRandom(1))
  const { runs } = fill(gate, hellosAtOnceMax + hellosWaitingMax + 50)
  const waits = runs.flatMap((run) => (run instanceof Promise || !('error' in run) ? [] : [run.retryAfterMs]))
  expect(new Set(waits).size).toBeGreaterThan(40)
})
