import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import { createDirectory } from './directory.ts'

/** Read models with users, of whom those in `late` are projected only when somebody waits. */
const createWorld = (options: {
  readonly early: readonly number[]
  readonly late?: readonly number[]
  readonly isStuck?: true
  readonly isAway?: true
}) => {
  const calls = { existing: 0, waits: [] as unknown[] }
  const present = new Set(options.early)
  const readModels: Parameters<typeof createDirectory>[0]['readModels'] = {
    existingUsers: async (ids) => {
      calls.existing++
      return new Set(ids.filter((id) => present.has(id)))
    },
    waitFor: async (positions) => {
      calls.waits.push(positions)
      for (const id of options.late ?? []) present.add(id)
      return options.isStuck !== true
    },
    userById: async () => undefined,
    userByName: async () => undefined,
    usersByNames: async () => {
      if (options.isAway === true) throw new Fault('read_models_unavailable', 'away')
      return new Map([['ann', 1]])
    },
    message: async () => {
      if (options.isAway === true) throw new Fault('read_models_unavailable', 'away')
      return { author: present.has(1) ? 1 : null, postedAt: 5, asOf: 7 }
    },
    anyMessage: async () => ({ author: present.has(1) ? 1 : null, postedAt: 5, asOf: 7 }),
    report: async () => (present.has(1) ? { conversation: 'g1', seq: 2, by: 1 } : undefined),
    groupByName: async () => (present.has(1) ? 'g1' : undefined),
  }
  const ends = [0, 1, 2, 3].map((partition) => ({ partition, pos: 9 }))
  const watermark = {
    now: async () => ends,
    ofPartition: async (partition: number) => ends.filter((end) => end.partition === partition),
  }
  return { calls, directory: createDirectory({ readModels, watermark, partitions: 4 }) }
}

test('who exists is asked once, then known without waiting', async () => {
  const { calls, directory } = createWorld({ early: [1, 2] })
  expect(await directory.allExist([1, 2])).toBe(true)
  expect(directory.allExist([2, 1])).toBe(true)
  expect(calls).toEqual({ existing: 1, waits: [] })
})

test('a negative answer counts only after the projection passed the end of that user’s partition', async () => {
  const late = createWorld({ early: [], late: [6] })
  expect(await late.directory.allExist([6])).toBe(true)
  expect(late.calls.waits).toEqual([[{ partition: 1, pos: 9 }]])
  expect(await createWorld({ early: [] }).directory.allExist([6])).toBe('no_such_user')
})

test('of several users those who do not exist are named, in order', async () => {
  const { directory } = createWorld({ early: [1, 2], late: [6] })
  expect(await directory.missing([8, 1, 6, 7, 2])).toEqual([8, 7])
  expect(directory.missing([1, 2])).toEqual([])
  expect(await createWorld({ early: [1], isStuck: true }).directory.missing([1, 6])).toBe('unavailable')
})

test('nothing is said of a user while the projection is too far behind', async () => {
  const { directory } = createWorld({ early: [], isStuck: true })
  expect(await directory.allExist([6])).toBe('unavailable')
  expect(await directory.user(6)).toBe('unavailable')
  expect(await directory.groupByName('tea')).toBe('unavailable')
})

test('a name is asked again after the wait', async () => {
  expect(await createWorld({ early: [], late: [1] }).directory.groupByName('tea')).toBe('g1')
  expect(await createWorld({ early: [] }).directory.groupByName('tea')).toBeUndefined()
})

test('a message that is not found is looked for again behind the end of its partition, and what is found needs no wait', async () => {
  const found = createWorld({ early: [1] })
  expect(await found.directory.message(1, 'g1', 4)).toEqual({ author: 1, postedAt: 5, asOf: 7 })
  expect(found.calls.waits).toEqual([])
  expect(await createWorld({ early: [], late: [1] }).directory.message(1, 'g1', 4)).toMatchObject({ author: 1 })
  expect(await createWorld({ early: [] }).directory.message(1, 'g1', 4)).toMatchObject({ author: null })
  expect(await createWorld({ early: [], isStuck: true }).directory.message(1, 'g1', 4)).toBe('unavailable')
})

test('nothing is known of messages and names while the read models are away', async () => {
  const { directory } = createWorld({ early: [1], isAway: true })
  expect(await directory.message(1, 'g1', 4)).toBe('unavailable')
  expect(await directory.usersByNames(['ann'])).toBe('unavailable')
  expect(await createWorld({ early: [] }).directory.usersByNames(['ann'])).toEqual(new Map([['ann', 1]]))
})
