import { expect, test } from 'vitest'
import type { Storage } from './ports.ts'
import { createSaver } from './saver.ts'

const setUp = () => {
  const saved: (string | undefined)[] = []
  const faults: unknown[] = []
  const gates: PromiseWithResolvers<void>[] = []
  const storage: Storage = {
    load: async () => undefined,
    save: (_, value) => {
      saved.push(value)
      const gate = Promise.withResolvers<void>()
      gates.push(gate)
      return gate.promise
    },
  }
  const saver = createSaver(storage, 'key', (error) => faults.push(error))
  const settle = async () => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
  return { saver, saved, faults, gates, settle }
}

test('saves one at a time, and of those that came meanwhile only the last', async () => {
  const { saver, saved, gates, settle } = setUp()
  saver.save(() => 'one')
  await settle()
  saver.save(() => 'two')
  saver.save(() => 'three')
  await settle()
  expect(saved).toEqual(['one'])
  gates[0]?.resolve()
  await settle()
  expect(saved).toEqual(['one', 'three'])
  gates[1]?.resolve()
  await saver.idle()
})

test('a save that fails is told, and the next one is made', async () => {
  const { saver, saved, faults, gates, settle } = setUp()
  saver.save(() => 'one')
  await settle()
  gates[0]?.reject(new Error('quota'))
  await saver.idle()
  saver.save(() => undefined)
  await settle()
  expect([saved, faults]).toEqual([['one', undefined], [new Error('quota')]])
})
