import { testSeeds } from '@chat/testkit'
import { expect, test } from 'vitest'
import { check } from './index.ts'
import { createCleanHistory } from './story/clean-history.ts'

test('hundreds of clean histories pass', async () => {
  for (const seed of testSeeds(300)) {
    const history = await createCleanHistory({ seed, messages: 60, users: 6, groups: 3, pageEventsMax: 5 })
    expect(await check(history), `seed ${seed}`).toEqual([])
  }
}, 60_000)
